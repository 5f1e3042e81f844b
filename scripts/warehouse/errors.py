"""Errors that are the user's to mend."""

from typing import Any


class UserError(Exception):
    """A foreseeable mistake: shown as a sentence and a hint, never as a traceback.

    Args:
        message: What is wrong, naming the file, line and column where there are any.
        hint: What to do next.
        details: What machines may want to know besides: the result that is no good.
    """

    def __init__(self, message: str, hint: str | None = None, details: Any = None):
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details
