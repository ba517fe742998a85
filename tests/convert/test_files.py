"""Files of weights: back to the last bit, refused when damaged or foreign, and never unpickled."""

from __future__ import annotations

import io
import json
import os
import pickle
import stat
import sys
import threading
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lstmref import Architecture, ConversionError, KindError, NameSetError, convert
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


# Files made to do harm, and things that are no files


def overlapping(path: Path) -> None:
    """A zip of 200 members, all of which are the same two megabytes."""
    content = npy(np.zeros(2**18))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.npy", content)
        first = archive.infolist()[0]
        for k in range(199):
            other = zipfile.ZipInfo(f"{k}.npy")
            for name in ("CRC", "compress_size", "file_size", "header_offset", "external_attr"):
                setattr(other, name, getattr(first, name))
            archive.filelist.append(other)
            archive.NameToInfo[other.filename] = other
    path.write_bytes(buffer.getvalue())


def test_members_that_share_bytes(tmp_path: Path) -> None:
    """The file is small, what it holds would not be."""
    path = tmp_path / "w.npz"
    overlapping(path)
    assert path.stat().st_size < 3 * 2**20
    with zipfile.ZipFile(path) as archive:
        assert sum(member.file_size for member in archive.infolist()) > 4e8
    tracemalloc.start()
    try:
        with pytest.raises(
            ConversionError, match=r"w\.npz: expected members with bytes of their own, got '0\.npy'"
        ):
            convert.load(path)
        assert tracemalloc.get_traced_memory()[1] < 10 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"reverse": false', b'"reverse": true '),
        (b'"biased": true ', b'"biased": false'),
        (b'"half": false', b'"half": true '),
        (b'"cell": "gru"', b'"cell": "rnn"'),
    ],
    ids=["reverse", "biased", "half", "cell"],
)
def test_what_is_said_of_the_arrays_is_under_the_checksum(
    ending: str, old: bytes, new: bytes, tmp_path: Path
) -> None:
    """An edit that leaves a whole file of this format, with the checksum of the zip put right."""
    path = tmp_path / f"w.{ending}"
    cell = "gru" if b"gru" in old else "lstm"
    convert.save(path, drawn.of(Architecture(cell, 1, 1), seed=1))
    format_ = files.FORMATS[path.suffix]
    arrays, text = format_.parse(path.read_bytes())
    said = text.replace('"biased": true', '"biased": true ')
    assert old in said.encode()
    path.write_bytes(format_.dump(arrays, said.encode().replace(old, new).decode()))
    with pytest.raises(
        ConversionError, match=r"expected what was written, got something else: the file is damaged$"
    ):
        convert.load(path)


@pytest.mark.skipif(
    not hasattr(os, "mkfifo") or not Path("/dev/zero").exists(), reason="no pipes or devices here"
)
@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_no_ordinary_file(ending: str, tmp_path: Path) -> None:
    """None of these is waited for, read without end, or replaced."""
    link, pipe, folder = (tmp_path / f"{name}.{ending}" for name in ("link", "pipe", "folder"))
    link.symlink_to("/dev/zero")
    os.mkfifo(pipe)
    folder.mkdir()
    for path, kind in ((link, "a device"), (pipe, "a pipe"), (folder, "a folder")):
        for act in (convert.load, lambda path: convert.save(path, small())):
            with pytest.raises(ConversionError, match=rf"expected an ordinary file, got {kind}$"):
                act(path)
    with pytest.raises(ConversionError, match=r"expected an ordinary file, got a device$"):
        convert.load_safetensors(link)
    assert stat.S_ISCHR(os.stat(link).st_mode)
    assert stat.S_ISFIFO(os.stat(pipe).st_mode)
    assert sorted(tmp_path.iterdir()) == sorted([link, pipe, folder])


@pytest.mark.parametrize("ending", ENDINGS)
def test_names_as_long_as_names_can_be(ending: str, tmp_path: Path) -> None:
    longest = os.pathconf(tmp_path, "PC_NAME_MAX")
    path = tmp_path / ("w" * (longest - len(ending) - 1) + f".{ending}")
    convert.save(path, small())
    assert same(convert.load(path), small())
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "act", [convert.load, lambda path: convert.save(path, small()), convert.load_safetensors]
)
def test_what_is_no_path(act: Callable[[Any], Any]) -> None:
    for what, error, text in (
        (5, KindError, "path: expected a path, got int"),
        (None, KindError, "path: expected a path, got NoneType"),
        (b"w.npz", KindError, "path: expected a path, got bytes"),
        ("\0.npz", ConversionError, "path: expected a path, got '\\x00.npz', which has a null character"),
    ):
        with pytest.raises(error) as caught:
            act(what)
        assert str(caught.value) == text


@pytest.mark.parametrize("ending", ENDINGS)
def test_further_sizes(ending: str, tmp_path: Path) -> None:
    """Of a cell that projects its state."""
    weights = drawn.of(Architecture("lstmp", 2, 3, 2, sizes={"P": np.int64(2)}), seed=1)  # type: ignore[dict-item]
    convert.save(tmp_path / f"w.{ending}", weights)
    assert same(convert.load(tmp_path / f"w.{ending}"), weights)


def test_sizes_that_numpy_counted(tmp_path: Path) -> None:
    weights = drawn.of(Architecture("rnn", np.int64(2), np.int32(3)), seed=1)  # type: ignore[arg-type]
    convert.save(tmp_path / "w.npz", weights)
    assert same(convert.load(tmp_path / "w.npz"), weights)


# Files of others in safetensors format


def test_a_state_dict_of_others(tmp_path: Path) -> None:
    from safetensors import numpy as package

    path = tmp_path / "model.safetensors"
    state = convert.to_pytorch(small())
    others = {"embedding.weight": np.ones((4, 4), np.int8)}
    package.save_file({**{f"encoder.{name}": value for name, value in state.items()}, **others}, path)
    assert drawn.same_arrays(convert.to_pytorch(convert.load_safetensors(path, "encoder.")), state)
    with pytest.raises(ConversionError, match=r"^cell: expected rnn, got lstm"):
        convert.load_safetensors(path, prefix="encoder.", cell="rnn")
    with pytest.raises(NameSetError, match=r"; give prefix='encoder\.'$"):
        convert.load_safetensors(path)
    (tmp_path / "text").write_text("no such file", encoding="utf-8")
    with pytest.raises(
        ConversionError, match=r"text: expected a file in safetensors format, got SafetensorError"
    ):
        convert.load_safetensors(tmp_path / "text")
    convert.save(path, small())
    with pytest.raises(NameSetError, match=r"^state_dict: expected weight_ih_l0 and so on, got unknown "):
        convert.load_safetensors(path)


def in_safetensors(path: Path, tensors: dict[str, tuple[str, tuple[int, ...], bytes]]) -> None:
    """A file of that format, in dtypes that NumPy may not have."""
    header, data = {}, b""
    for name, (dtype, shape, content) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def test_bfloat16_of_others(tmp_path: Path) -> None:
    """The upper half of a float32; what NumPy has no dtype for is refused where it is asked for, and not before."""
    path = tmp_path / "model.safetensors"
    upper = {
        n: (v.astype("<f4").view("<u4") >> 16).astype("<u2") for n, v in convert.to_pytorch(small()).items()
    }
    tensors = {f"a.{name}": ("BF16", value.shape, value.tobytes()) for name, value in upper.items()}
    in_safetensors(path, tensors | {"other": ("F8_E4M3", (2,), b"ab")})
    wide = {name: (value.astype("<u4") << 16).view("<f4") for name, value in upper.items()}
    assert same(convert.load_safetensors(path, "a."), convert.from_pytorch(wide))
    in_safetensors(path, tensors | {"a.weight_hh_l0": ("F8_E4M3", (4, 1), b"abcd")})
    with pytest.raises(
        KindError, match=r"^a\.weight_hh_l0: expected an array, got .*F8_E4M3, which NumPy has not$"
    ):
        convert.load_safetensors(path, "a.")
