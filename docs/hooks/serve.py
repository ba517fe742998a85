"""Serves the built site on this machine: `python -m docs.hooks.serve [--port 8000]`; Ctrl-C ends it."""

from __future__ import annotations

import argparse
import errno
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from derivations import console
from docs.hooks.paths import ROOT

HOST = "127.0.0.1"
TRIES = 50
CHUNK, MOST_UNREAD = 2**16, 2**22  # bytes


class Handler(SimpleHTTPRequestHandler):
    """Static files, never cached, with the site's own page for what does not exist; says nothing.

    Files of the site only: no listing, and no link that leads out of it. What is no request is answered with 400.
    """

    timeout = 10  # seconds without a byte, after which a connection is given up
    command = requestline = path = ""  # of what is no request

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, TimeoutError):  # the reader left in the middle of a file, or fell asleep
            self.close_connection = True

    def handle_one_request(self) -> None:
        # A browser that was told https:// begins with a byte that no method begins with, and then waits for an answer.
        try:
            first = self.rfile.peek(1)[:1]  # type: ignore[attr-defined]
        except TimeoutError:
            self.close_connection = True
            return
        if not first or first.isalpha() or first.isspace():
            super().handle_one_request()
            return
        self.send_error(HTTPStatus.BAD_REQUEST)

    def send_head(self) -> Any:
        try:
            status = HTTPStatus.OK if self._leads_inside() else HTTPStatus.NOT_FOUND
        except (
            ValueError,
            RuntimeError,
            OSError,
        ):  # %00, half a pair of surrogates, a link to itself, a long name
            status = HTTPStatus.BAD_REQUEST
        if status is HTTPStatus.OK:
            return super().send_head()
        self.send_error(status)
        return None

    def _leads_inside(self) -> bool:
        """Whether the address names something that lies in the site, links followed; so for what a folder shows."""
        path, site = Path(self.translate_path(self.path)), Path(self.directory).resolve()
        places = (path, path / "index.html", path / "index.htm")
        return all(place.resolve().is_relative_to(site) for place in places)

    def list_directory(self, path: Any) -> None:
        self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """The nearest 404.html of the site for an unknown address, else the status; nothing of what was asked."""
        status, kind = HTTPStatus(code), "text/plain"
        body = f"{status.value} {status.phrase}\n".encode()
        folder = Path(self.directory)
        own = [folder / "zh" / "404.html"] if self.path.startswith("/zh/") else []
        found = next((path for path in [*own, folder / "404.html"] if path.is_file()), None)
        if status is HTTPStatus.NOT_FOUND and found is not None:
            body, kind = found.read_bytes(), "text/html"
        self.request_version = (
            self.protocol_version
        )  # else what is no request gets an answer without a status
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self._hear_out()

    def _hear_out(self) -> None:
        """Read on for a moment: a connection that is closed on what was not read takes the answer with it."""
        with suppress(OSError):
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(1)
            for _ in range(MOST_UNREAD // CHUNK):
                if not self.connection.recv(CHUNK):
                    break

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
