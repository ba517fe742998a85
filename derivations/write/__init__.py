"""One writer a format; what a formula looks like is decided once, in ``layout``."""
