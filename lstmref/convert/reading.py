"""What every reader of a file goes by: ordinary files only, and archives that cannot grow when they are read."""

import os
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lstmref.errors import ArgumentError, ConversionError, KindError

# Of a member of an archive, before its name and its content.
LOCAL_HEADER = 30


def named_path(given: str | os.PathLike[str]) -> Path:
    """A path, or raise KindError for what is none, ConversionError for one that no file can have.

    Raises:
        KindError: for what is no path.
        ConversionError: for one that no file can have.

    Examples:
        >>> named_path(5)
        Traceback (most recent call last):
        lstmref.errors.KindError: path: expected a path, got int
    """
    if not isinstance(given, str | os.PathLike):
        raise KindError(f"path: expected a path, got {type(given).__name__}")
    path = os.fspath(given)
    if not isinstance(path, str):
        raise KindError(f"path: expected a path of text, got {type(path).__name__}")
    if "\0" in path:
        raise ConversionError(f"path: expected a path, got {path!r}, which has a null character")
    return Path(path)


def content(path: Path) -> bytes:
    """The bytes of an ordinary file, as many as it has when it is opened.

    Raises:
        ConversionError: for anything else, such as a pipe or a device, which might have no end.
        OSError: as reading does.

    Examples:
        >>> content(Path("."))
        Traceback (most recent call last):
        lstmref.errors.ConversionError: .: expected an ordinary file, got a folder
    """
    ordinary(path)
    with open(path, "rb") as file:
        status = os.fstat(file.fileno())
        ordinary(path, status)  # what was there may have been exchanged since
        return file.read(status.st_size)


def ordinary(path: Path, status: os.stat_result | None = None) -> None:
    """Raise ConversionError unless `path`, links followed, is an ordinary file; OSError if there is none.

    Raises:
        ConversionError: unless `path` is an ordinary file, links followed.
        OSError: if there is none.

    Examples:
        >>> ordinary(Path(__file__))
    """
    mode = (status or path.stat()).st_mode
    if not stat.S_ISREG(mode):
        kinds = {
            stat.S_ISDIR: "a folder", stat.S_ISFIFO: "a pipe", stat.S_ISSOCK: "a socket"
        }  # fmt: skip
        kind = next((name for test, name in kinds.items() if test(mode)), "a device")
        raise ConversionError(f"{path}: expected an ordinary file, got {kind}")


def members(archive: zipfile.ZipFile, size: int) -> list[zipfile.ZipInfo]:
    """The members of an archive of `size` bytes, each of which has bytes of its own, stored as they are.

    So all of them together hold no more than the archive does.

    Raises:
        ConversionError: for what is compressed, for two members of one name and for members that share bytes.

    Examples:
        >>> import io
        >>> buffer = io.BytesIO()
        >>> with zipfile.ZipFile(buffer, "w") as written:
        ...     written.writestr("a", "text")
        >>> [member.filename for member in members(zipfile.ZipFile(buffer), len(buffer.getvalue()))]
        ['a']
    """
    found = archive.infolist()
    seen: set[str] = set()
    end = 0
    for member in sorted(found, key=lambda member: member.header_offset):
        stored = member.compress_type == zipfile.ZIP_STORED and member.compress_size == member.file_size
        if not stored or member.filename in seen:
            raise ConversionError(
                f"expected members stored once each and uncompressed, got {member.filename!r}"
            )
        seen.add(member.filename)
        if member.header_offset < end:
            raise ConversionError(
                f"expected members with bytes of their own, got {member.filename!r}, which overlaps another"
            )
        end = member.header_offset + LOCAL_HEADER + len(member.filename.encode()) + member.file_size
    if end > size:
        raise ConversionError(f"expected members within {size} bytes, got one that ends at {end}")
    return found


@contextmanager
def whole_file(path: Path | str, what: str) -> Iterator[None]:
    """Whatever goes wrong in reading a file is a ConversionError that names the file, and `what` was expected.

    Raises:
        ConversionError: for any error that is raised within.

    Examples:
        >>> with whole_file("a.npz", "a file that lstmref wrote"):
        ...     raise KeyError("b")
        Traceback (most recent call last):
        lstmref.errors.ConversionError: a.npz: expected a file that lstmref wrote, got KeyError: 'b'
    """
    try:
        yield
    except ArgumentError as error:
        raise ConversionError(f"{path}: {error}") from error
    except Exception as error:  # whatever zipfile, zlib, numpy and json raise of bytes that are not theirs
        found = f"{type(error).__name__}: {error}"
        raise ConversionError(f"{path}: expected {what}, got {found}") from error
