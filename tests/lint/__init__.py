"""What sqlfluff sees instead of dbt: the text, and not its repetitions."""

from sqlfluff.core.templaters import jinja


def first_two(things):
    """The filter `list` to the linter: two turns of a loop say how all are written.

    Rendered whole, two tests of 60 turns took half of the linter's time.
    """
    return list(things)[:2]


SQLFLUFF_JINJA_FILTERS = {"list": first_two}

# sqlfluff compiles the macros once for all files only while Jinja's filters are those
# that it knows; for each file anew, they were half of its time. It knows this one now.
jinja._JINJA_FILTERS.update(SQLFLUFF_JINJA_FILTERS)
