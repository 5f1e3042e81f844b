"""One writer for a data folder: who comes second is told who is at it."""

import contextlib
import datetime as dt
import errno
import os
import socket
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

from warehouse.errors import BusyError

# A command calls others: what it holds, they need not take.
_held: ContextVar[frozenset[Path]] = ContextVar("held", default=frozenset())


@contextlib.contextmanager
def only_writer(data: Path, command: str) -> Iterator[str | None]:
    """Hold the lock of a data folder. The system lets it go when the process dies.

    Within a command that holds it, nothing is taken.

    Args:
        data: The data folder; it is made if it is not there.
        command: What is done, for who comes second.

    Yields:
        What stood in the lock if its holder was killed, else None.

    Raises:
        BusyError: Somebody else holds it.
    """
    data = data.resolve()
    if data in _held.get():
        yield None
        return
    data.mkdir(parents=True, exist_ok=True)
    handle = os.open(data / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            _take(handle)
        except OSError as error:
            if error.errno in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
                raise  # nobody holds it: this disk knows no locks
            holder = _words(handle) or "Another command"
            raise BusyError(
                f"{holder} is at work in {data}.",
                "Wait until it has ended, or end that process: nothing is lost by it.",
            ) from None
        killed = _words(handle)
        now = dt.datetime.now().isoformat(" ", "seconds")
        words = (
            f"warehouse {command} (process {os.getpid()} on {socket.gethostname()}, "
            f"since {now})"
        )
        os.ftruncate(handle, 0)
        os.pwrite(handle, words.encode(), 0)
        mark = _held.set(_held.get() | {data})
        try:
            yield killed or None
        finally:
            _held.reset(mark)
            os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def _words(handle: int) -> str:
    os.lseek(handle, 0, os.SEEK_SET)
    return os.read(handle, 1000).decode("utf-8", "replace").strip()


def _take(handle: int) -> None:
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        os.lseek(handle, 4096, os.SEEK_SET)  # behind the words, so they stay readable
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
