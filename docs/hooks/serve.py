"""Serves the built site on this machine: `python -m docs.hooks.serve [--port 8000]`; Ctrl-C ends it."""

from __future__ import annotations

import argparse
import errno
import sys
from collections.abc import Sequence
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from derivations import console
from docs.hooks.paths import ROOT

HOST = "127.0.0.1"
TRIES = 50


class Handler(SimpleHTTPRequestHandler):
    """Static files, never cached, with the site's own page for what does not exist; says nothing."""

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """The nearest 404.html of the site for an unknown address, else Python's own page."""
        folder = Path(self.directory)
        own = [folder / "zh" / "404.html"] if self.path.startswith("/zh/") else []
        found = next((path for path in [*own, folder / "404.html"] if path.is_file()), None)
        if code != HTTPStatus.NOT_FOUND or found is None:
            super().send_error(code, message, explain)
            return
        body = found.read_bytes()
        self.send_response(HTTPStatus.NOT_FOUND)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:  # the reader left in the middle of a file
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    """Ends at once on Ctrl-C; does not share its port with another program."""

    daemon_threads = True
    allow_reuse_port = False


def listen(folder: Path, port: int) -> Server:
    """A server for `folder` on `port`, or on the next free one; raises `OSError` when there is none near."""
    for candidate in range(port, port + TRIES):
        try:
            return Server((HOST, candidate), partial(Handler, directory=str(folder)))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
    raise OSError(errno.EADDRINUSE, f"ports {port} to {port + TRIES - 1} are all in use")


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m docs.hooks.serve", description="Serve the built site.")
    parser.add_argument("--port", type=int, default=8000, help="the first port to try (default: 8000)")
    parser.add_argument("--site", type=Path, default=ROOT / "site", help="the built site (default: site)")
    options = parser.parse_args(console.arguments(parser, arguments))
    if not (options.site / "index.html").is_file():
        print(f"{options.site.name}/index.html: not found; run `make build` first", file=sys.stderr)
        return 1
    try:
        server = listen(options.site.resolve(), options.port)
    except OSError as error:
        print(f"cannot listen on {HOST}: {error.strerror or error}", file=sys.stderr)
        return 1
    with server:
        print(f"http://{HOST}:{server.server_port}/  (Ctrl-C ends)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
