"""A first look at a file's bytes: hash, encoding and an independent record count.

The count is made without DuckDB and without a CSV parser (line ends outside quotes), so
that it can catch a reader that loses rows.
"""

import codecs
import gzip
import hashlib
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from warehouse.errors import UserError

CHUNK = 8 << 20
# An archive that unpacks to more than both is a bomb: texts shrink to a 20th, rarely
# to a 100th.
MOST_UNPACKED, MOST_RATIO = 256 << 20, 200
_QUOTE, _LF, _CR = 34, 10, 13


@dataclass(frozen=True)
class Survey:
    """What the bytes of a text file tell."""

    hash: str
    size: int
    encoding: str  # utf-8, utf-16-le, utf-16-be or cp1252
    has_nul: bool
    has_bad_bytes: bool  # UTF-8, but for a few bytes
    line_feeds: int
    lone_returns: int
    records: int  # not blank, line ends outside quotes (inside them do not count)
    lines: int  # not blank, every line end counts
    blanks: int
    longest: int  # bytes of the longest record
    longest_line: int
    has_blocks: bool  # a blank line, then one that begins with #
    is_open: bool  # ends inside a quote

    @property
    def is_plain(self) -> bool:
        """Whether DuckDB's reader can take the file as it is."""
        return self.encoding == "utf-8" and not self.has_nul


def is_printable(name: str) -> bool:
    """Whether a name is text without control characters, line ends and stray bytes."""
    return not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in name)


def chunks(file: BinaryIO) -> Iterator[bytes]:
    """The file in pieces of 8 MB."""
    while chunk := file.read(CHUNK):
        yield chunk


def survey(path: Path) -> Survey:
    """Read a file once, in constant memory.

    Args:
        path: A file of any kind; the counts only mean something for text.
    """
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")()
    size = line_feeds = returns = pairs = records = lines = blanks = longest = 0
    line_blanks = longest_line = 0
    carry = 0  # 1 while inside a quote
    record_start = line_start = 0  # offsets in the file
    is_utf8, has_nul, has_blocks, has_bad_bytes = True, False, False, False
    head = tail = b""
    with path.open("rb") as file:
        for chunk in chunks(file):
            digest.update(chunk)
            head = head or chunk[:4096]
            has_nul = has_nul or b"\0" in chunk
            if (
                is_utf8
                and not has_bad_bytes
                and not (chunk.isascii() and not decoder.getstate()[0])
            ):
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    is_utf8 = has_bad_bytes = _is_mostly_utf8(chunk)
            returns += chunk.count(b"\r")
            pairs += chunk.count(b"\r\n") + (tail[-1:] == b"\r" and chunk[:1] == b"\n")
            seam = tail + chunk[:4]
            has_blocks = has_blocks or any(
                mark in part
                for part in (seam, chunk)
                for mark in (b"\n\n#", b"\n\r\n#")
            )
            data = np.frombuffer(chunk, dtype=np.uint8)
            is_event = data == _LF
            if b'"' in chunk:
                events = np.flatnonzero(is_event | (data == _QUOTE))
                is_quote = data[events] == _QUOTE
                inside = (np.cumsum(is_quote, dtype=np.int64) + carry) & 1
                ends = events[~is_quote & (inside == 0)]
                all_ends = events[~is_quote]
                carry = int(carry + is_quote.sum()) & 1
            else:
                all_ends = np.flatnonzero(is_event)
                ends = all_ends if not carry else all_ends[:0]
            line_feeds += len(all_ends)
            for found, is_record in ((ends, True), (all_ends, False)):
                start = record_start if is_record else line_start
                if not len(found):
                    continue
                lengths = np.diff(found, prepend=start - size - 1)
                before = data[np.maximum(found - 1, 0)]
                short = lengths == 2
                if found[0] == 0:  # what stands before is in the last chunk
                    before[0] = tail[-1] if tail else _LF
                empty = int(((lengths == 1) | (short & (before == _CR))).sum())
                if is_record:
                    records += len(found) - empty
                    blanks += empty
                    longest = max(longest, int(lengths.max()))
                    record_start = size + int(found[-1]) + 1
                else:
                    lines += len(found) - empty
                    line_blanks += empty
                    longest_line = max(longest_line, int(lengths.max()))
                    line_start = size + int(found[-1]) + 1
            size += len(chunk)
            tail = chunk[-4:]
    if is_utf8 and not has_bad_bytes and decoder.getstate()[0]:
        has_bad_bytes = True  # cut off within a character
    if size > record_start:
        records += 1
        longest = max(longest, size - record_start)
    if size > line_start:
        lines += 1
        longest_line = max(longest_line, size - line_start)
    encoding = _encoding(head, is_utf8)
    return Survey(
        hash=digest.hexdigest(),
        size=size,
        encoding=encoding,
        has_bad_bytes=has_bad_bytes,
        has_nul=has_nul and not encoding.startswith("utf-16"),
        line_feeds=line_feeds,
        lone_returns=returns - pairs,
        records=records,
        lines=lines,
        blanks=blanks,
        longest=longest,
        longest_line=longest_line,
        has_blocks=has_blocks,
        is_open=bool(carry),
    )


def _encoding(head: bytes, is_utf8: bool) -> str:
    if head.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if head.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    half = len(head) // 2
    if half >= 4:  # without a BOM: nearly every second byte of such a file is zero
        even, odd = head[: 2 * half : 2].count(0), head[1 : 2 * half : 2].count(0)
        if odd > 0.4 * half and even < 0.1 * half:
            return "utf-16-le"
        if even > 0.4 * half and odd < 0.1 * half:
            return "utf-16-be"
    return "utf-8" if is_utf8 else "cp1252"


def _is_mostly_utf8(chunk: bytes) -> bool:
    """Whether a few broken bytes stand in what is UTF-8 otherwise."""
    text = chunk.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    points = np.frombuffer(text.encode("utf-32-le"), dtype="<u4")
    return int((points > 127).sum()) - bad > 10 * bad


def _cp1252_holes(error: UnicodeError) -> tuple[str, int]:
    """The five bytes that CP1252 leaves open become the control characters they are."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("warehouse_holes", _cp1252_holes)


def transcode(path: Path, to: Path, encoding: str, returns_only: bool) -> None:
    """Write a copy as UTF-8, with LF where the file only knows CR.

    Raises:
        UserError: The bytes are not what the file's beginning promised.
    """
    errors = "warehouse_holes" if encoding == "cp1252" else "strict"
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    first = True
    with path.open("rb") as source, to.open("wb") as target:
        try:
            for chunk in chunks(source):
                text = decoder.decode(chunk)
                if first:
                    text, first = text.removeprefix("\ufeff"), False
                text = text.replace("\r", "\n") if returns_only else text
                target.write(text.encode("utf-8", "surrogatepass"))
            decoder.decode(b"", final=True)
        except UnicodeError:
            raise UserError(
                f"{path.name} begins as {encoding.upper()} text but does not stay it.",
                "The file is damaged or cut off: export it again.",
            ) from None


def unpack_gz(path: Path, to: Path) -> None:
    """Write what a .gz file holds.

    Raises:
        UserError: The file is damaged or cut off, or holds far more than it could.
    """
    packed, size = path.stat().st_size, 0
    try:
        with gzip.open(path, "rb") as source, to.open("wb") as target:
            for chunk in chunks(source):
                size += len(chunk)
                _stop_bomb(path, packed, size)
                target.write(chunk)
    except (OSError, EOFError, zlib.error) as error:
        if getattr(error, "errno", None):
            raise  # not the file's fault: no room, no permission
        raise _damaged(path.name, error) from None


def _stop_bomb(path: Path, packed: int, size: int) -> None:
    """Refuse an archive that was made to fill the disk."""
    if size > max(MOST_UNPACKED, MOST_RATIO * packed):
        raise UserError(
            f"{path.name} holds more than {MOST_RATIO} times its size: no export does.",
            "If you trust it, unpack it and land the files.",
        )


def _damaged(name: str, error: Exception) -> UserError:
    return UserError(
        f"{name} cannot be unpacked: {error}.",
        "The file is damaged, cut off or protected: export or download it again, or "
        "unpack it and land the files.",
    )


def zip_members(path: Path) -> list[str]:
    """The names of the data files in a .zip file, sorted.

    Raises:
        UserError: The file is damaged, a member's name leaves the archive, stands for
            two members or cannot be shown, or it holds far more than it could.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            found = [i for i in archive.infolist() if not i.is_dir()]
    except Exception as error:  # zipfile lets through whatever its parsers raise
        if getattr(error, "errno", None):
            raise
        raise _damaged(path.name, error) from None
    _stop_bomb(path, path.stat().st_size, sum(i.file_size for i in found))
    names = sorted(i.filename for i in found)
    for name, after in zip(names, [*names[1:], ""], strict=True):
        parts = name.replace("\\", "/").split("/")
        why = ""
        if name.startswith("/") or ".." in parts or ":" in parts[0]:
            why = "that leaves the archive"
        elif name == after:
            why = "twice"
        elif not is_printable(name):
            why = "that cannot be shown"
        if why:
            raise UserError(
                f"{path.name} holds a member named {name!r} {why}.",
                "Do not trust this file; export it again from the platform.",
            )
    return [
        n for n in names if "__MACOSX" not in n and not Path(n).name.startswith(".")
    ]


def unpack_member(path: Path, member: str, to: Path) -> None:
    """Write one member of a .zip file: at most as many bytes as its directory says.

    Raises:
        UserError: The archive is damaged or protected by a password.
    """
    try:
        with (
            zipfile.ZipFile(path) as archive,
            archive.open(member) as source,
            to.open("wb") as target,
        ):
            for chunk in chunks(source):
                target.write(chunk)
    except Exception as error:  # zipfile lets through whatever its parsers raise
        if getattr(error, "errno", None):
            raise
        raise _damaged(f"{path.name}/{member}", error) from None
