"""What the machine refuses, in words: room, permission, memory, a file in use.

Python, DuckDB and dbt each wrap the system's own sentence into theirs; it is looked for
in the text, so that all three get the same words.
"""

import os
import re
import shutil
from pathlib import Path

import duckdb

from warehouse.errors import BusyError, MachineError, UserError

_AGAIN = "then run the same command again: nothing was lost"
_PATH = re.compile(r"""["'](/[^"']+)["']""")
_HOLDER = re.compile(r"held in (\S+) \(PID (\d+)\)")


def in_words(error: BaseException | str, data: Path) -> UserError | None:
    """The machine's trouble as a sentence and a hint.

    Args:
        error: An exception, or the text of one.
        data: The data folder that was worked on.

    Returns:
        A `MachineError`, or a `BusyError` if a program has the warehouse file open;
        None if the machine is not to blame.
    """
    text = str(error)
    lower = text.lower()
    found = _PATH.search(text)
    named = getattr(error, "filename", None) or (found[1] if found else None)
    path = Path(os.fsdecode(named)) if isinstance(named, str | bytes) else data
    if "could not set lock" in lower:
        return held_file(text)
    if "no space left" in lower or "disk quota exceeded" in lower:
        return MachineError(
            f"There is no room on the disk of {path}: {_free(path)}.",
            f"Make room, {_AGAIN}.",
        )
    if "max_temp_directory_size" in lower:
        return MachineError(
            "The work needs more memory than it may use, and the disk has no room to "
            f"help out: {_free(data)}.",
            f"Make room or give it more memory, as in WAREHOUSE_MEMORY=4GB, {_AGAIN}.",
        )
    if isinstance(error, MemoryError) or "out of memory error" in lower:
        limit = os.environ.get("WAREHOUSE_MEMORY")
        return MachineError(
            "The work needs more memory than it may use"
            + (f" (WAREHOUSE_MEMORY={limit})." if limit else "."),
            "Give it more, as in WAREHOUSE_MEMORY=4GB, or end other programs, "
            f"{_AGAIN}.",
        )
    if "read-only file system" in lower:
        return MachineError(
            f"{path} lies on a disk that can only be read.",
            "Mount it for writing or let WAREHOUSE_DATA name another folder, "
            f"{_AGAIN}.",
        )
    if "permission denied" in lower or "operation not permitted" in lower:
        return MachineError(
            f"The user {_user(os.geteuid())} lacks the permission for {path}, which "
            f"belongs to {_owner(path)}.",
            f"Run as its owner, or give it to this user (chown), {_AGAIN}.",
        )
    if "file too large" in lower:
        return MachineError(
            f"The system allows no file as large as {path} would be.",
            f"Raise the limit (ulimit -f), {_AGAIN}.",
        )
    if "too many open files" in lower:
        return MachineError(
            "The system allows no more open files.",
            f"Raise the limit (ulimit -n), {_AGAIN}.",
        )
    if "input/output error" in lower:
        return MachineError(
            f"The disk of {path} does not read or write what it should.",
            f"Look at the disk, {_AGAIN}.",
        )
    return None


def limit_memory(connection: duckdb.DuckDBPyConnection, spill: Path) -> None:
    """Let a connection take no more memory than `WAREHOUSE_MEMORY` says.

    Args:
        connection: Any; without the variable it may take four fifths of the machine's.
        spill: Where it puts aside what has no room; gone when it is closed.

    Raises:
        UserError: The variable is no amount of memory.
    """
    connection.execute("set temp_directory = ?", [str(spill)])
    if most := os.environ.get("WAREHOUSE_MEMORY"):
        try:
            connection.execute("set memory_limit = ?", [most])
        except duckdb.Error:
            raise UserError(
                f"WAREHOUSE_MEMORY={most} is no amount of memory.",
                "Write for example WAREHOUSE_MEMORY=4GB.",
            ) from None


def held_file(text: str = "") -> BusyError:
    """What to say when somebody else has the private warehouse file open.

    Args:
        text: DuckDB's message, which may say who.
    """
    holder = _HOLDER.search(text)
    who = f" ({Path(holder[1]).name}, process {holder[2]})" if holder else ""
    return BusyError(
        f"Another program has the warehouse file open{who}.",
        "Close it, or let it read published/current/warehouse.duckdb instead: that "
        "file is never locked by a build.",
    )


def _there(path: Path) -> Path:
    """The path, or the nearest folder above that exists."""
    while not os.path.lexists(path) and path != path.parent:
        path = path.parent
    return path


def _free(path: Path) -> str:
    try:
        return f"{shutil.disk_usage(_there(path)).free / 1e6:,.0f} MB are free"
    except OSError:
        return "it is full"


def _owner(path: Path) -> str:
    try:
        return _user(_there(path).stat().st_uid)
    except OSError:
        return "somebody else"


def _user(number: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
