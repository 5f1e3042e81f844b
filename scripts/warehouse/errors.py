"""Errors that are the user's to mend."""


class UserError(Exception):
    """A foreseeable mistake: shown as a sentence and a hint, never as a traceback.

    Args:
        message: What is wrong, naming the file, line and column where there are any.
        hint: What to do next.
    """

    def __init__(self, message: str, hint: str | None = None):
        super().__init__(message)
        self.message = message
        self.hint = hint
