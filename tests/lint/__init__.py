"""What sqlfluff sees instead of dbt: the text, and not its repetitions."""


def first_two(things):
    """The filter `list` to the linter: two turns of a loop say how all are written.

    Rendered whole, two tests of 60 turns took half of the linter's time.
    """
    return list(things)[:2]


SQLFLUFF_JINJA_FILTERS = {"list": first_two}
