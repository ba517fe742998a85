"""Serving: on this machine only, the next free port, the site's own 404, a clean end."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from docs.hooks.paths import ROOT
from docs.hooks.serve import Handler, listen


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    (folder / "zh").mkdir(parents=True)
    for name, text in {"index.html": "home", "404.html": "none", "zh/404.html": "没有"}.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def busy() -> Iterator[int]:
    """A port that is in use."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


# A shell hands it on to what it runs in the background that Ctrl-C be ignored: the server must not inherit that here.
SERVE = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("docs.hooks.serve", run_name="__main__", alter_sys=True)
"""


@contextmanager
def _serve(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()  # where a check has failed; an ended process does not feel it


def _get(address: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_the_site_is_served_on_the_next_free_port_until_ctrl_c(site: Path, busy: int) -> None:
    with _serve("--site", str(site), "--port", str(busy)) as process:
        assert process.stdout is not None
        found = re.match(r"http://127\.0\.0\.1:(\d+)/", process.stdout.readline())
        assert found is not None
        assert int(found[1]) > busy
        address = found[0]
        assert _get(address) == (200, "home")
        assert _get(address + "nowhere/") == (404, "none")
        assert _get(address + "zh/nowhere/") == (404, "没有")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "Traceback" not in out + err


@pytest.fixture
def port(site: Path) -> Iterator[int]:
    """Where the site is served in this process."""
    with listen(site, 18300) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def ask(port: int, sent: bytes) -> tuple[bytes, bytes]:
    """The head and the body of the whole answer to these bytes; the asking side then waits, as browsers do."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(sent)
        received = b""
        while part := connection.recv(65536):
            received += part
    head, _, body = received.partition(b"\r\n\r\n")
    return head, body


TLS_HELLO = bytes.fromhex("1603010200010001fc0303") + bytes(range(256)) * 2
LONG = b"a" * 200_000
NO_REQUESTS = {
    "a TLS hello": TLS_HELLO,
    "a TLS hello without an end of line": TLS_HELLO.replace(b"\n", b""),
    "GET alone": b"GET\r\n\r\n",
    "an end of string": b"GET /%00 HTTP/1.1\r\n\r\n",
    "an end of string after a page": b"GET /index.html%00.txt HTTP/1.1\r\n\r\n",
    "half a pair of surrogates": b"GET /%ed%a0%80 HTTP/1.1\r\n\r\n",
    "no version": b"GET / HTTP/x\r\n\r\n",
    "too many words": b"GET / a b c HTTP/1.1\r\n\r\n",
    "a link to itself": b"GET /loop HTTP/1.1\r\n\r\n",
}


@pytest.mark.parametrize("name", NO_REQUESTS)
def test_what_is_no_request_is_answered_with_400(site: Path, port: int, name: str) -> None:
    (site / "loop").symlink_to("loop")
    head, body = ask(port, NO_REQUESTS[name])
    assert head.startswith(b"HTTP/1.0 400 Bad Request\r\n")
    assert body == b"400 Bad Request\n"
    assert ask(port, b"GET / HTTP/1.0\r\n\r\n")[1] == b"home"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /" + LONG + b" HTTP/1.1\r\n\r\n", b"414 "),
        (b"GET / HTTP/1.1\r\nX: " + LONG + b"\r\n\r\n", b"431 "),
        (b"BREW /<b> HTTP/1.1\r\n\r\n", b"501 Not Implemented"),
        (b"GET / HTTP/9.9\r\n\r\n", b"505 "),
    ],
)
def test_what_is_not_done_is_said_with_its_status_and_not_repeated(
    port: int, sent: bytes, status: bytes
) -> None:
    head, body = ask(port, sent)
    assert head.startswith(b"HTTP/1.0 " + status)
    assert body.startswith(status)
    assert len(body) < 100
    assert b"BREW" not in head + body


def test_only_what_lies_in_the_site_is_shown(site: Path, port: int) -> None:
    outside = site.parent / "outside"
    (outside / "folder").mkdir(parents=True)
    for place in (outside, outside / "folder"):
        (place / "index.html").write_text("secret", encoding="utf-8")
    (site / "file.html").symlink_to(outside / "index.html")
    (site / "linked").symlink_to(outside)
    (site / "page").mkdir()
    (site / "page" / "index.html").symlink_to(outside / "index.html")
    (site / "inside.html").symlink_to("index.html")
    for path in (
        5000 * "a",
        "file.html",
        "linked/",
        "linked/index.html",
        "linked/folder/",
        "page/",
        "../outside/index.html",
    ):
        head, body = ask(port, f"GET /{path} HTTP/1.0\r\n\r\n".encode())
        assert head.startswith(b"HTTP/1.0 404 "), path
        assert body == b"none"
    assert ask(port, b"GET /inside.html HTTP/1.0\r\n\r\n")[1] == b"home"


def test_a_folder_is_not_listed(site: Path, port: int) -> None:
    (site / "assets").mkdir()
    (site / "assets" / "secret.txt").touch()
    head, body = ask(port, b"GET /assets/ HTTP/1.0\r\n\r\n")
    assert (head.split(b"\r\n")[0], body) == (b"HTTP/1.0 404 Not Found", b"none")


@pytest.mark.parametrize("sent", [b"", b"GET /", b"GET / HTTP/1.1\r\nHost: a"])
def test_a_connection_that_falls_silent_is_given_up(
    port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], sent: bytes
) -> None:
    assert Handler.timeout == 10
    monkeypatch.setattr(Handler, "timeout", 0.2)
    assert ask(port, sent) == (b"", b"")
    assert capsys.readouterr().err == ""


def test_a_site_replaced_meanwhile_is_served(site: Path) -> None:
    with _serve("--site", str(site), "--port", "18200") as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[0]
        site.rename(site.with_name("old"))
        site.mkdir()
        (site / "index.html").write_text("new")
        assert _get(address) == (200, "new")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)


def test_without_a_site_it_says_what_to_do(tmp_path: Path) -> None:
    with _serve("--site", str(tmp_path / "site")) as process:
        out, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert out == ""
    assert err == "site/index.html: not found; run `make build` first\n"
