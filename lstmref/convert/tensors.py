"""Files in safetensors format, by the package of that name, which the extra installs: no code is in them.

Source:
    the format of safetensors, https://huggingface.co/docs/safetensors.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from lstmref.check import Array
from lstmref.convert import reading
from lstmref.convert.pytorch import from_pytorch
from lstmref.convert.weights import Weights
from lstmref.errors import ConversionError

KINDS = {"F16": "<f2", "F32": "<f4", "F64": "<f8"}


def load_safetensors(
    path: str | os.PathLike[str],
    prefix: str = "",
    *,
    cell: str | None = None,
    nonlinearity: str | None = None,
) -> Weights:
    """The weights in a state dict that something else saved as safetensors, such as Transformers.

    bfloat16 is read as float32, which holds the same numbers. What `lstmref.convert.save` wrote is read by
    `load`.

    Else it raises what `from_pytorch` does: see `from_pytorch`.

    Args:
        prefix: what stands before the names of the layer in the file, such as "encoder.lstm.".
        cell: as in `from_pytorch`.
        nonlinearity: as in `from_pytorch`.

    Raises:
        ConversionError: for what is no such file and where safetensors is not installed.
        KindError: for what is no path.
        OSError: as reading does.

    Source:
        safetensors; `from_pytorch`.

    Examples:
        >>> load_safetensors(5)
        Traceback (most recent call last):
        lstmref.errors.KindError: path: expected a path, got int
    """
    path = reading.named_path(path)
    content = reading.content(path)
    with reading.whole_file(path, "a file in safetensors format"):
        found = dict(_tensors(content))
    return from_pytorch(found, prefix, cell=cell, nonlinearity=nonlinearity)


def dump(arrays: Mapping[str, Array], metadata: dict[str, str]) -> bytes:
    """The content of a file with these arrays, of any shapes, and of one dtype of float32 or float64.

    Args:
        arrays: by name.

    Raises:
        ConversionError: for another dtype, and where the package is missing.

    Examples:
        >>> parse(dump({"W": np.ones(2)}, {"about": "ones"}))
        ({'W': array([1., 1.])}, {'about': 'ones'})
    """
    package = _package()
    dtype = next(iter(arrays.values())).dtype
    if dtype not in (np.float32, np.float64):
        raise ConversionError(f"expected float32 or float64, which safetensors has, got {dtype}; use .npz")
    content: bytes = package.numpy.save(dict(arrays), metadata=metadata)
    return content


def parse(content: bytes) -> tuple[dict[str, Any], dict[str, str]]:
    """Arrays by name, of whatever dtype NumPy has for them, and the metadata.

    Raises:
        ConversionError: what does not convert.

    Examples:
        >>> parse(b"no such file")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        lstmref.errors.ConversionError: expected a whole file in safetensors format, got another: ...
    """
    package = _package()
    try:
        # The arrays first: this checks lengths and offsets. Then the header, of which `load` gives no metadata.
        found = package.numpy.load(content)
    except package.SafetensorError as error:
        raise ConversionError(f"expected a whole file in safetensors format, got another: {error}") from error
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    return found, header.get("__metadata__", {})


@dataclass(frozen=True)
class _Foreign:
    """A tensor of a dtype that NumPy has not: refused by that name where it is asked for, and only there."""

    kind: str

    def __array__(self, dtype: Any = None, copy: Any = None) -> Array:
        raise TypeError(f"{self.kind}, which NumPy has not")


def _tensors(content: bytes) -> Iterator[tuple[str, Any]]:
    """Every tensor of a file that others wrote, by name."""
    package = _package()
    for name, view in package.deserialize(content):
        kind, shape, data = view["dtype"], view["shape"], view["data"]
        if kind == "BF16":  # the upper half of a float32
            yield name, (np.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4").reshape(shape)
        elif kind in KINDS:
            yield name, np.frombuffer(data, KINDS[kind]).reshape(shape)
        else:
            yield name, _Foreign(kind)


def _package() -> ModuleType:
    """The package, which is optional."""
    try:
        import safetensors.numpy
    except ImportError as error:
        raise ConversionError(
            'expected the package safetensors, which is not installed: pip install "lstmref[safetensors]", or use .npz'
        ) from error
    return safetensors
