"""A command at work on a data folder: alone, on record, its troubles in words."""

import contextlib
import datetime as dt
import json
import os
import time
import traceback
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

import duckdb

from warehouse.errors import BusyError, MachineError, UserError
from warehouse.lock import only_writer
from warehouse.machine import in_words
from warehouse.people import masked, without_salt

LARGEST_LOG = 10_000_000  # bytes; then it begins anew, and the one before stays
_run: ContextVar[str | None] = ContextVar("run", default=None)


@contextlib.contextmanager
def work(step: str, data: Path) -> Iterator[dict]:
    """Hold the data folder's lock, write down what comes of it, put troubles in words.

    `logs/runs.jsonl` in the data folder gets a line when the step begins and one when
    it ends: at (UTC), run (the same for all steps of one command), step, outcome
    (started, ok, failed, interrupted; refused if another command held the lock; killed,
    written by the next), seconds, what the step tells, and error. No secret, no e-mail.

    Args:
        step: The command, or its part.
        data: The data folder.

    Yields:
        Where the step puts what it has to tell: counts, the build's id.

    Raises:
        MachineError: No room, no permission, no memory, …
        BusyError: Another command is at work in this folder, or a program has the
            warehouse file open.
    """
    name = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S.%fZ") + f"-{os.getpid()}"
    mark = _run.set(_run.get() or name)
    started = time.monotonic()
    told: dict = {}
    outcome, trouble = "ok", {}
    try:
        with _in_words(step, data), only_writer(data, step) as killed:
            if killed:
                _note(data, step=killed, outcome="killed")
            _note(data, step=step, outcome="started")
            try:
                yield told
            except BaseException as error:
                outcome, trouble = "failed", _trouble(in_words(error, data) or error)
                if isinstance(error, KeyboardInterrupt):
                    outcome = "interrupted"
                raise
            finally:
                seconds = round(time.monotonic() - started, 3)
                said = {"outcome": outcome, "seconds": seconds, **told, **trouble}
                _note(data, step=step, **said)
    except BusyError as error:
        if outcome == "ok":
            _note(data, step=step, outcome="refused", error=error.message)
        raise
    finally:
        _run.reset(mark)


@contextlib.contextmanager
def _in_words(step: str, data: Path) -> Iterator[None]:
    """Turn what system and DuckDB refuse into sentences."""
    try:
        yield
    except (OSError, MemoryError, duckdb.Error) as error:
        known = in_words(error, data)
        if known is None and isinstance(error, OSError):
            known = MachineError(
                f"warehouse {step} stopped: {error}.",
                "Look at that file or folder, then run the same command again: nothing "
                "was lost.",
            )
        if known is None:
            raise
        raise known from None


def _trouble(error: BaseException) -> dict:
    """An error for the log; what nobody foresaw with the place where it happened."""
    if isinstance(error, UserError):
        return {"error": error.message, "exit_code": error.exit_code}
    told = {"error": f"{type(error).__name__}: {error}"}
    if isinstance(error, Exception):
        told["trace"] = traceback.format_exception(error)
    return told


def _note(data: Path, **row) -> None:
    """Add a line to the log. A disk without room must not hide why there is none."""
    now = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
    row = {"at": now, "run": _run.get(), **row}
    line = json.dumps(_without_secrets(row), default=str, ensure_ascii=False) + "\n"
    path = data / "logs" / "runs.jsonl"
    with contextlib.suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        if path.exists() and path.stat().st_size > LARGEST_LOG:
            path.replace(path.with_name("runs.before.jsonl"))
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            size = os.fstat(handle).st_size
            # A line that a full disk cut off is closed first.
            is_cut = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
            os.write(handle, ("\n" * is_cut + line).encode("utf-8", "replace"))
        finally:
            os.close(handle)


def _without_secrets(value):
    """A value for the log, with nothing in it that is secret."""
    if isinstance(value, dict):
        return {key: _without_secrets(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_secrets(inner) for inner in value]
    return masked(without_salt(value)) if isinstance(value, str) else value
