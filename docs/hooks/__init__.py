"""The site's build: plain modules, and one thin MkDocs hook (`hook.py`) that calls them."""
