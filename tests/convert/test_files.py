"""Files of weights: back to the last bit, refused when damaged or foreign, and never unpickled."""

from __future__ import annotations

import io
import json
import os
import pickle
import stat
import sys
import threading
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lstmref import ConversionError, KindError, convert
from lstmref.convert import Weights, files
from tests.convert import drawn

ENDINGS = ("npz", "safetensors")
ALL_CELLS = sorted(set(drawn.CELLS["onnx"]))


def small(seed: int = 1) -> Weights:
    """One cell with parts of its biases."""
    state = {"weight_ih_l0": (4, 1), "weight_hh_l0": (4, 1), "bias_ih_l0": (4,), "bias_hh_l0": (4,)}
    rng = np.random.default_rng(seed)
    return convert.from_pytorch({name: rng.normal(size=shape) for name, shape in state.items()})


def same(one: Weights, other: Weights) -> bool:
    """The same to the last bit, the parts of the biases too."""
    return (
        drawn.same(one, other)
        and one.biased == other.biased
        and list(one.split) == list(other.split)
        and all(drawn.same_lists(one.split[name], other.split[name]) for name in one.split)
    )


@pytest.mark.parametrize("ending", ENDINGS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), cell=st.sampled_from(ALL_CELLS))
def test_there_and_back(ending: str, cell: str, data: st.DataObject, tmp_path: Path) -> None:
    weights = data.draw(drawn.weights(cell))
    if ending == "safetensors" and weights.dtype == np.longdouble:
        with pytest.raises(ConversionError, match=r"w\.safetensors: expected float32 or float64"):
            convert.save(tmp_path / "w.safetensors", weights)
        return
    weights = replace(weights, biased=data.draw(st.booleans()), half=data.draw(st.booleans()))
    path = tmp_path / f"w.{ending}"
    convert.save(path, weights)
    assert same(convert.load(path), weights)
    assert [file.name for file in tmp_path.iterdir() if file.suffix == f".{ending}"] == [path.name]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_state_dict_there_and_back(ending: str, tmp_path: Path) -> None:
    weights = small()
    assert weights.split
    path = tmp_path / f"w.{ending}"
    convert.save(str(path), weights)
    found = convert.load(str(path))
    assert same(found, weights)
    assert drawn.same_arrays(convert.to_pytorch(found), convert.to_pytorch(weights))
    for value in found.params.values():
        value += 1  # the arrays are the caller's, not views of a file


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_same_weights_make_the_same_bytes(ending: str, tmp_path: Path) -> None:
    for name in "ab":
        convert.save(tmp_path / f"{name}.{ending}", small())
    assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_damaged_byte(ending: str, tmp_path: Path) -> None:
    """Refused by name, or harmless: some bytes of a zip are read by nobody."""
    weights, path = small(), tmp_path / f"w.{ending}"
    convert.save(path, weights)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    refused = []
    for place in range(0, len(whole), 3):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        try:
            found = convert.load(path)
        except ConversionError as error:
            refused.append(str(error))
        else:
            assert same(found, weights)
    assert [text for text in refused if not text.startswith(f"{path}: ") or "expected " not in text] == []
    assert len(refused) > 0.6 * len(range(0, len(whole), 3))


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_cut(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"w.{ending}"
    convert.save(path, small())
    whole = path.read_bytes()
    for end in (*range(0, len(whole), 17), len(whole) - 1):
        path.write_bytes(whole[:end])
        with pytest.raises(ConversionError) as caught:
            convert.load(path)
        assert str(caught.value).startswith(f"{path}: expected ")


class Payload:
    """Unpickled, it would make a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def in_zip(path: Path, members: dict[str, bytes], how: int = zipfile.ZIP_STORED) -> None:
    """A zip of these members."""
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def npy(array: Any) -> bytes:
    """An array as .npy, pickled where it must be."""
    content = io.BytesIO()
    np.save(content, array, allow_pickle=True)
    return content.getvalue()


def test_no_pickle_runs(tmp_path: Path) -> None:
    path, ran = tmp_path / "w.npz", tmp_path / "ran"
    payload = pickle.dumps(Payload(ran))
    objects = npy(np.array([Payload(ran)], dtype=object))
    convert.save(path, small())
    good = {name: zipfile.ZipFile(path).read(name) for name in zipfile.ZipFile(path).namelist()}
    name = "0.forward.W_i.npy"
    assert name in good
    for attempt in (
        lambda: in_zip(path, {"W.npy": objects}),
        lambda: path.write_bytes(payload),
        lambda: path.write_bytes(objects),
        lambda: in_zip(path, {"@lstmref.npy": objects}),
        lambda: in_zip(path, good | {name: objects}),
        lambda: in_zip(path, good | {name: payload}),
        lambda: in_zip(path, good | {"data.pkl": payload}),
    ):
        attempt()
        with pytest.raises(ConversionError, match=r"w\.npz: .*expected "):
            convert.load(path)
        assert not ran.exists()
    in_zip(path, good | {name: objects})
    with pytest.raises(
        ConversionError, match="W_i: expected numbers, got Python objects, which are never read"
    ):
        convert.load(path)
    pickle.loads(payload)  # and it would have
    assert ran.exists()


def foreign(path: Path, about: Callable[[dict[str, Any]], Any]) -> None:
    """A file of `small` whose text is another, under a checksum that fits unless that is what is changed."""
    convert.save(path, small())
    arrays, text = files.FORMATS[path.suffix].parse(path.read_bytes())
    said = about(json.loads(text))
    if isinstance(said, dict) and said["sha256"] != "0":
        said.pop("sha256")
        said["sha256"] = files._digest(arrays, said)
    path.write_bytes(files.FORMATS[path.suffix].dump(arrays, json.dumps(said)))


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    ("about", "text"),
    [
        (lambda about: about | {"version": 1}, "expected version 2, got 1; another lstmref may read it"),
        (lambda about: about | {"format": "other"}, "expected a file that says it holds lstmref weights"),
        (lambda about: [about], "expected a file that says it holds lstmref weights"),
        (lambda about: about | {"biased": 1}, "biased: expected True or False, got int"),
        (lambda about: {k: v for k, v in about.items() if k != "half"}, "KeyError: 'half'"),
        (lambda about: about | {"sha256": "0"}, "expected what was written"),
        (lambda about: changed(about, cell="rnn"), "params: missing 0.forward.W, "),
        (lambda about: changed(about, cell="peep"), "cell: expected one of "),
        (lambda about: changed(about, H=2), "0.forward.W_i: expected (2, 1), got (1, 1)"),
        (lambda about: changed(about, H=10**12), "expected (1000000000000, 1), got (1, 1)"),
        (lambda about: changed(about, layers=10**12), "fewer than there are layers"),
        (lambda about: changed(about, layers=2), "missing 1.forward.W_i, "),
        (lambda about: changed(about, extra=2), "expected an architecture of cell, D, H, "),
        (lambda about: changed(about, reverse=1), "reverse: expected True or False, got int"),
        (lambda about: changed(about, D=1.5), "D: expected a whole number"),
    ],
)
def test_a_file_that_says_something_else(
    ending: str, about: Callable[[dict[str, Any]], Any], text: str, tmp_path: Path
) -> None:
    path = tmp_path / f"w.{ending}"
    foreign(path, about)
    with pytest.raises(ConversionError) as caught:
        convert.load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert text in str(caught.value)


def changed(about: dict[str, Any], **change: Any) -> dict[str, Any]:
    """The text with another architecture."""
    return about | {"architecture": about["architecture"] | change}


def test_files_of_others(tmp_path: Path) -> None:
    np.savez(tmp_path / "plain.npz", W=np.ones(2))
    np.savez_compressed(tmp_path / "compressed.npz", W=np.zeros(10**6))
    (tmp_path / "empty.npz").touch()
    (tmp_path / "text.npz").write_text("W = 1", encoding="utf-8")
    (tmp_path / "text.safetensors").write_text("W = 1", encoding="utf-8")
    from safetensors.numpy import save_file

    save_file({"weight": np.ones(2)}, tmp_path / "model.safetensors")
    for name in (
        "plain.npz",
        "compressed.npz",
        "empty.npz",
        "text.npz",
        "text.safetensors",
        "model.safetensors",
    ):
        with pytest.raises(ConversionError) as caught:
            convert.load(tmp_path / name)
        assert str(caught.value).startswith(f"{tmp_path / name}: expected ")


def test_a_header_that_promises_too_much(tmp_path: Path) -> None:
    """No memory is taken for what is not there."""
    huge = npy(np.ones(1)).replace(b"(1,)", b"(9" + b"9" * 13 + b",)").replace(b" " * 13, b"", 1)
    in_zip(tmp_path / "w.npz", {"W.npy": huge})
    with pytest.raises(
        ConversionError, match=r"w\.npz: W: expected \(99999999999999,\) of float64, got 8 bytes"
    ):
        convert.load(tmp_path / "w.npz")


def test_other_endings_and_things(tmp_path: Path) -> None:
    for name in ("w", "w.pt", "w.npz.bak"):
        with pytest.raises(ConversionError, match=r"expected a name ending in \.npz or \.safetensors, got "):
            convert.save(tmp_path / name, small())
        with pytest.raises(ConversionError, match=r"expected a name ending in "):
            convert.load(tmp_path / name)
    with pytest.raises(KindError, match=r"^weights: expected Weights, got dict$"):
        convert.save(tmp_path / "w.npz", small().params)  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError, match=r"absent\.npz"):
        convert.load(tmp_path / "absent.npz")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_write_that_fails_leaves_the_file_that_was(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"w.{ending}"
    convert.save(path, small())

    def full(_: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space left"):
        convert.save(path, small(seed=2))
    assert same(convert.load(path), small())
    assert list(tmp_path.iterdir()) == [path]


def test_permissions_and_links(tmp_path: Path) -> None:
    path, link = tmp_path / "w.npz", tmp_path / "link.npz"
    convert.save(path, small())
    other = tmp_path / "other"
    other.touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(other.stat().st_mode)
    path.chmod(0o640)
    link.symlink_to(path)
    convert.save(link, small(seed=2))
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert same(convert.load(path), small(seed=2))


def test_many_threads_write_one_file(tmp_path: Path) -> None:
    """What is there is always one of the files, whole."""
    path = tmp_path / "w.npz"
    seeds = range(4)
    convert.save(path, small(0))
    wrong: list[str] = []

    def work(seed: int) -> None:
        for _ in range(10):
            convert.save(path, small(seed))
            found = convert.load(path)
            if not any(same(found, small(other)) for other in seeds):
                wrong.append(f"thread {seed}")

    threads = [threading.Thread(target=work, args=(seed,)) for seed in seeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert list(tmp_path.iterdir()) == [path]


def test_without_safetensors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "w.safetensors"
    convert.save(path, small())
    monkeypatch.setitem(sys.modules, "safetensors", None)
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    text = r'safetensors: expected the package safetensors, .*: pip install "lstmref\[safetensors\]", or use \.npz$'
    with pytest.raises(ConversionError, match=text):
        convert.load(path)
    with pytest.raises(ConversionError, match=text):
        convert.save(path, small())
    convert.save(tmp_path / "w.npz", small())
    assert same(convert.load(tmp_path / "w.npz"), small())
