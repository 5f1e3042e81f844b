"""Errors that are somebody's to mend, and the exit codes that tell whose."""

from typing import Any


class UserError(Exception):
    """A foreseeable mistake: shown as a sentence and a hint, never as a traceback.

    Args:
        message: What is wrong, naming the file, line and column where there are any.
        hint: What to do next.
        details: What machines may want to know besides: the result that is no good.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str | None = None, details: Any = None):
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details


class MachineError(UserError):
    """The machine refuses: no room, no permission, no memory. Exports and rules are
    fine; the same command works once the machine lets it."""

    exit_code = 3


class BusyError(UserError):
    """Somebody else is at it. The same command works once they have ended."""

    exit_code = 4
