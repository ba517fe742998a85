"""What is kept of a cell: read back as it was, noticed when it is damaged, written whole or not at all."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from derivations.record import store
from derivations.record.store import Kept, Store


@pytest.fixture
def kept() -> Kept:
    found = Kept("rnn")
    found.put("proofs", "sha256:1", {"formulas": {"rnn.backward.h": ["proved"]}})
    found.put("strength", "sha256:2", {"mutants": {}})
    return found


def test_what_is_kept_is_read_back(kept: Kept, tmp_path: Path) -> None:
    Store(tmp_path).save(kept)
    found = Store(tmp_path).load("rnn")
    assert found == kept
    assert found.get("proofs", "sha256:1") == {"formulas": {"rnn.backward.h": ["proved"]}}
    assert found.get("proofs", "sha256:2") is None
    assert found.get("agreement", "sha256:1") is None


def test_nothing_is_kept_of_a_cell_without_a_file(tmp_path: Path) -> None:
    assert Store(tmp_path).load("rnn") == Kept("rnn")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"format": 1}',
        b'{"format": 1, "cell": "rnn", "parts": 7, "digest": ""}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_file_is_noticed(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "rnn.json").write_bytes(content)
    found = Store(tmp_path).load("rnn")
    assert found.damaged
    assert found.parts == {}


def test_an_edited_file_and_one_of_another_cell_are_noticed(kept: Kept, tmp_path: Path) -> None:
    Store(tmp_path).save(kept)
    whole = json.loads((tmp_path / "rnn.json").read_text(encoding="utf-8"))
    whole["parts"]["proofs"]["found"]["formulas"]["rnn.backward.h"] = ["refuted"]
    (tmp_path / "rnn.json").write_text(json.dumps(whole), encoding="utf-8")
    assert Store(tmp_path).load("rnn").damaged
    Store(tmp_path).save(kept)
    os.replace(tmp_path / "rnn.json", tmp_path / "gru.json")
    assert Store(tmp_path).load("gru").damaged


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_a_full_disk_leaves_the_last_file_whole(
    number: int, kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store(tmp_path).save(kept)
    before = (tmp_path / "rnn.json").read_bytes()
    kept.put("proofs", "sha256:3", {})

    def full(self: Path, content: bytes) -> int:
        with self.open("wb") as file:
            file.write(content[:10])
        raise OSError(number, os.strerror(number), str(self))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match=os.strerror(number)):
        Store(tmp_path).save(kept)
    assert (tmp_path / "rnn.json").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["rnn.json"]


def test_a_file_that_is_right_already_is_left_alone(tmp_path: Path) -> None:
    data: dict[str, Any] = {"a": 1}
    store.write(data, tmp_path / "x.json")
    stamp = (tmp_path / "x.json").stat().st_mtime_ns
    os.utime(tmp_path / "x.json", ns=(stamp - 10**9, stamp - 10**9))
    store.write(data, tmp_path / "x.json")
    assert (tmp_path / "x.json").stat().st_mtime_ns == stamp - 10**9
    store.write({"a": 2}, tmp_path / "x.json")
    assert json.loads((tmp_path / "x.json").read_text(encoding="utf-8")) == {"a": 2}
