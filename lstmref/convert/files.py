"""Weights in files: `.npz` (NumPy), or `.safetensors` with the package of that name, which the extra installs.

Both hold the arrays by name, those of `Weights.split` included, and one text of JSON that says what they are.
Nothing is unpickled, ever. A file is written beside its place under another name and moved there when it is
complete.

Source:
    numpy.lib.format for `.npz`; the format of safetensors, https://huggingface.co/docs/safetensors.
"""

import hashlib
import io
import json
import math
import operator
import os
import secrets
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lstmref.check import Array
from lstmref.convert import reading, tensors
from lstmref.convert.weights import Weights, read_weights
from lstmref.errors import ConversionError
from lstmref.network.architecture import Architecture

# Version 1, before the first release, had a checksum of the arrays alone.
FORMAT, VERSION = "lstmref weights", 2
# The name of the JSON beside the arrays. It has a letter that no parameter's name has.
ABOUT = "@lstmref"
SIDES = ("@input", "@state")
ARCHITECTURE = ("cell", "D", "H", "layers", "bidirectional", "reverse", "sizes")


class _Format(NamedTuple):
    """How to turn named arrays and a text into the bytes of a file and back."""

    dump: Callable[[Mapping[str, Array], str], bytes]
    parse: Callable[[bytes], tuple[dict[str, Array], str]]


def save(path: str | os.PathLike[str], weights: Weights) -> None:
    """Write weights to a file, `.npz` or `.safetensors` by its ending.

    The architecture, the parts of summed biases, and `biased` and `half` are written too: what `load` gives
    is the same to the last bit. A file of that name is replaced when the new one is complete, and stays as it
    is if writing fails.

    Raises:
        ConversionError: for another ending, for a dtype that the format has not (safetensors: longdouble),
            where safetensors is not installed, and where something other than an ordinary file stands there.
        KindError: a value of the wrong type or dtype.
        OSError: as writing does.

    Examples:
        >>> import tempfile
        >>> architecture = Architecture("rnn", D=1, H=1)
        >>> ones = {name: np.ones(shape) for name, shape in architecture.parameter_shapes().items()}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save(f"{folder}/one.npz", Weights(architecture, ones))
        ...     load(f"{folder}/one.npz").params["0.forward.W"]
        array([[1.]])
    """
    path = reading.named_path(path)
    dump = _format(path).dump
    weights = read_weights(weights)
    arrays = dict(weights.params)
    for name, pair in weights.split.items():
        arrays |= {f"{name}{side}": half for side, half in zip(SIDES, pair, strict=True)}
    architecture = {name: getattr(weights.architecture, name) for name in ARCHITECTURE}
    about: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "architecture": architecture,
        "biased": weights.biased,
        "half": weights.half,
    }
    try:
        content = dump(arrays, _text(about | {"sha256": _digest(arrays, about)}))
    except ConversionError as error:
        raise ConversionError(f"{path}: {error}") from error
    _write(path, content)


def load(path: str | os.PathLike[str]) -> Weights:
    """Read weights that `save` wrote. No pickle is read: an array of Python objects is refused unread.

    A state dict that something else saved as safetensors is read by `load_safetensors`.

    Raises:
        ConversionError: for a file that is damaged, cut off, of another version or not of this kind, for what
            is no ordinary file, for another ending, and where safetensors is not installed; it names the path
            and what is wrong.
        KindError: for what is no path.
        OSError: as reading does.

    Examples:
        >>> load("weights.pickle")
        Traceback (most recent call last):
        lstmref.errors.ConversionError: weights.pickle: expected a name ending in .npz or .safetensors, got '.pickle'
    """
    path = reading.named_path(path)
    parse = _format(path).parse
    content = reading.content(path)
    with reading.whole_file(path, "a file that lstmref wrote"):
        arrays, text = parse(content)
        return _understood(arrays, json.loads(text))


def _understood(arrays: dict[str, Array], about: Any) -> Weights:
    """The weights that the arrays are, as the text beside them says.

    Raises:
        ValueError: where the two do not fit.
    """
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise ConversionError(f"expected a file that says it holds {FORMAT}, got one that does not")
    if about.get("version") != VERSION:
        raise ConversionError(
            f"expected version {VERSION}, got {about.get('version')!r}; another lstmref may read it"
        )
    # The checksum first: it covers all that is said here, so what was not written is not read.
    if about.pop("sha256") != _digest(arrays, about):
        raise ConversionError("expected what was written, got something else: the file is damaged")
    if set(about["architecture"]) != set(ARCHITECTURE):
        raise ConversionError(f"expected an architecture of {', '.join(ARCHITECTURE)}, got another")
    # Before any shape is made of it: one layer has at least one array, so there are no more layers than arrays.
    if int(about["architecture"]["layers"]) > len(arrays):
        raise ConversionError("expected arrays for every layer, got fewer than there are layers")
    params = {name: array for name, array in arrays.items() if "@" not in name}
    starts = [name.removesuffix(SIDES[0]) for name in arrays if name.endswith(SIDES[0])]
    split = {name: (arrays.pop(name + SIDES[0]), arrays.pop(name + SIDES[1])) for name in starts}
    if len(arrays) != len(params):
        raise ConversionError("expected parameters and parts of biases, got other arrays too")
    return Weights(Architecture(**about["architecture"]), params, split, about["biased"], about["half"])


def _digest(arrays: Mapping[str, Array], about: Mapping[str, Any]) -> str:
    """SHA-256 of what the file says, and of names, shapes, dtypes and bytes of the arrays, whatever the order."""
    found = hashlib.sha256(_text(about).encode())
    for name in sorted(arrays):
        array = arrays[name]
        found.update(f"\n{name} {array.shape} {array.dtype.str}\n".encode())
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


def _text(about: Mapping[str, Any]) -> str:
    """As JSON; a size may be one of NumPy's whole numbers."""
    return json.dumps(about, sort_keys=True, default=operator.index)


def _dump_npz(arrays: Mapping[str, Array], about: str) -> bytes:
    content = io.BytesIO()
    text = np.frombuffer(about.encode("utf-8"), np.uint8)
    np.savez(content, allow_pickle=False, **{ABOUT: text}, **arrays)
    return content.getvalue()


def _parse_npz(content: bytes) -> tuple[dict[str, Array], str]:
    found: dict[str, Array] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for member in reading.members(archive, len(content)):
            name = member.filename.removesuffix(".npy")
            if name == member.filename:
                raise ConversionError(f"expected arrays, got {member.filename!r}")
            found[name] = _parse_npy(name, archive.read(member))
    text = found.pop(ABOUT, np.zeros(0, np.uint8))
    if text.dtype != np.uint8:
        raise ConversionError(f"expected {ABOUT} to be of uint8, got {text.dtype}")
    if not text.size:
        raise ConversionError(f"expected a file that says it holds {FORMAT}, got one that does not")
    return found, text.tobytes().decode("utf-8")


def _parse_npy(name: str, content: bytes) -> Array:
    """One array of the archive, its header compared with what is there before memory is taken for it."""
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    if version != (1, 0):
        raise ConversionError(f"{name}: expected an array in version 1.0 of .npy, got {version}")
    shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    if dtype.hasobject:
        raise ConversionError(f"{name}: expected numbers, got Python objects, which are never read")
    if math.prod(shape) * dtype.itemsize != len(content) - stream.tell():
        raise ConversionError(
            f"{name}: expected {shape} of {dtype}, got {len(content) - stream.tell()} bytes"
        )
    stream.seek(0)
    array: Array = np.lib.format.read_array(stream, allow_pickle=False)
    return array


def _dump_safetensors(arrays: Mapping[str, Array], about: str) -> bytes:
    return tensors.dump(arrays, {ABOUT: about})


def _parse_safetensors(content: bytes) -> tuple[dict[str, Array], str]:
    found, metadata = tensors.parse(content)
    return found, metadata.get(ABOUT, "null")


FORMATS = {
    ".npz": _Format(_dump_npz, _parse_npz),
    ".safetensors": _Format(_dump_safetensors, _parse_safetensors),
}


def _format(path: Path) -> _Format:
    """The format by the ending of the path.

    Raises:
        ConversionError: for another.
    """
    if path.suffix not in FORMATS:
        raise ConversionError(
            f"{path}: expected a name ending in {' or '.join(FORMATS)}, got {path.suffix!r}"
        )
    return FORMATS[path.suffix]


def _write(path: Path, content: bytes) -> None:
    """Write beside the place, then move there; on one file system the move is all or nothing."""
    path = Path(os.path.realpath(path))  # a link stays, and what it points to is replaced
    with suppress(FileNotFoundError):
        reading.ordinary(path)  # a device or a pipe is not replaced by a file
    temporary = path.with_name(
        f".{secrets.token_hex(8)}.new"
    )  # short, as a name may be as long as names can be
    try:
        with open(temporary, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            temporary.chmod(path.stat().st_mode & 0o777)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
