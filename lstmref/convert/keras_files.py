"""Files of Keras, `.keras` and `.weights.h5`, read by h5py, which the extra `keras` installs. No code of theirs is run.

A `.keras` file is an archive of config.json and model.weights.h5. In the latter every layer has a group:
`vars` with the name of the layer, and the arrays in `cell/vars`, of a Bidirectional in those of
`forward_layer` and `backward_layer`.

Source:
    the saving format of Keras 3, as its files show it.
"""

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from lstmref.convert import keras_layers, reading
from lstmref.convert.keras_layers import Built, Layer
from lstmref.errors import ConversionError

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
ENDINGS = (".keras", ".weights.h5")


def layers(path: Path) -> list[tuple[str, Callable[[], Layer]]]:
    """The recurrent layers of a file by name, in its order; each is understood when it is called.

    Raises:
        ConversionError: for another ending, for what is no such file and where h5py is not installed; it
            names the file.
        OSError: as reading does.

    Examples:
        >>> layers(Path("model.pt"))
        Traceback (most recent call last):
        lstmref.errors.ConversionError: model.pt: expected a name ending in .keras or .weights.h5, got model.pt
    """
    if not path.name.endswith(ENDINGS):
        raise ConversionError(f"{path}: expected a name ending in {' or '.join(ENDINGS)}, got {path.name}")
    package = _package()
    content = reading.content(path)
    with reading.whole_file(path, "a file that Keras wrote"):
        configs: dict[str, list[tuple[str, Any]]] = {}
        if path.name.endswith(".keras"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                reading.members(archive, len(content))
                config, content = json.loads(archive.read(CONFIG)), archive.read(WEIGHTS)
            for name, class_name, own in keras_layers.configured(config):
                configs.setdefault(name, []).append((class_name, own))
        with package.File(io.BytesIO(content), "r") as file:
            stored = list(_stored(package, file, len(content)))
    found: list[tuple[str, Callable[[], Layer]]] = []
    for name, arrays, bidirectional in stored:
        known = configs.get(name, [])
        if len(known) == 1:
            class_name, own = known[0]
            found.append((name, _later(name, class_name, own, arrays)))
        else:
            found.append((name, _bare(name, arrays, bidirectional)))
    order = list(configs)
    return sorted(found, key=lambda each: order.index(each[0]) if each[0] in order else len(order))


def _later(name: str, class_name: str, config: Any, arrays: Sequence[Any]) -> Callable[[], Layer]:
    return lambda: keras_layers.understood(name, class_name, config, arrays)


def _bare(name: str, arrays: Sequence[Any], bidirectional: bool) -> Callable[[], Layer]:
    """A layer of which the file has the arrays and how many directions, and nothing else."""
    return lambda: Layer(name, arrays, Built(bidirectional=bidirectional))


def _stored(package: ModuleType, file: Any, size: int) -> Iterator[tuple[str, list[Any], bool]]:
    """Name, arrays and whether both directions of every recurrent layer in a file."""
    groups = list(_groups(package, file, size))
    paths = {path for path, _ in groups}
    for path, group in groups:
        sides = [f"{path}/{side}_layer" for side in ("forward", "backward")]
        if path.rpartition("/")[2] in ("forward_layer", "backward_layer") or path.endswith("/cell"):
            continue
        for bidirectional, places in ((False, [path]), (True, sides)):
            if all(f"{place}/cell/vars" in paths for place in places):
                arrays = [value for place in places for value in _arrays(file[f"{place}/cell/vars"])]
                attributes = group["vars"].attrs if "vars" in group else {}
                name = attributes.get("name", path.rpartition("/")[2])
                yield str(name.decode() if isinstance(name, bytes) else name), arrays, bidirectional


def _arrays(group: Any) -> list[Any]:
    """The arrays of a cell in their order: they are named by their numbers."""
    return [group[name][()] for name in sorted(group, key=int)]


def _groups(package: ModuleType, group: Any, size: int, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every group with its path, each array's size compared with the file's before any is read.

    A link to elsewhere, and an array whose numbers lie in other files, are refused: a file is what it holds.
    """
    for name in group:
        place = f"{path}/{name}"
        if not isinstance(group.get(name, getlink=True), package.HardLink):
            raise ConversionError(f"{place}: expected groups and arrays, got a link")
        each = group[name]
        if isinstance(each, package.Group):
            if place.count("/") > 32:
                raise ConversionError(f"{place}: expected groups at most 32 deep, got more")
            yield place, each
            yield from _groups(package, each, size, place)
        elif each.external or each.is_virtual or each.nbytes > size:
            raise ConversionError(f"{place}: expected an array within the file, got one of {each.shape}")


def _package() -> ModuleType:
    """The package, which is optional."""
    try:
        import h5py
    except ImportError as error:
        raise ConversionError(
            'expected the package h5py, which is not installed: pip install "lstmref[keras]", or give the model itself'
        ) from error
    package: ModuleType = h5py
    return package
