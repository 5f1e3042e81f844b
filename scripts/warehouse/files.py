"""Files that are there whole or not at all, even after a kill or a power cut."""

import contextlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write a text file beside its place, then rename it there."""
    draft = path.with_name(f".{path.name}.draft")
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def settle(paths: Iterable[Path]) -> None:
    """Wait until files and folders are on the disk itself, not only in its cache."""
    for path in paths:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def remove_whole(folder: Path) -> None:
    """Remove a folder that must not be seen half empty: it is hidden first."""
    hidden = folder.with_name(f".{folder.name.lstrip('.')}.removed")
    shutil.rmtree(hidden, ignore_errors=True)
    folder.rename(hidden)
    shutil.rmtree(hidden, ignore_errors=True)


def copy_file(path: Path, to: Path) -> None:
    """A file's copy; on file systems that can, without writing its blocks again."""
    with path.open("rb") as source, to.open("wb") as sink:
        left = path.stat().st_size
        if hasattr(os, "copy_file_range"):
            with contextlib.suppress(OSError):
                while left and (
                    n := os.copy_file_range(source.fileno(), sink.fileno(), left)
                ):
                    left -= n
        while chunk := source.read(1 << 22) if left else b"":
            sink.write(chunk)


def link_file(path: Path, to: Path) -> None:
    """The same file under a second name, or a copy where there are no such links."""
    try:
        os.link(path, to)
    except OSError:
        copy_file(path, to)
