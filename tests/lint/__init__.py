"""What sqlfluff sees instead of dbt, so that it lints the text and not its repetitions."""


def first_two(things):
    """The filter `list` to the linter: a loop's first two turns say how all are written.

    Rendered whole, two tests of 60 turns took half of the linter's time.
    """
    return list(things)[:2]


SQLFLUFF_JINJA_FILTERS = {"list": first_two}
