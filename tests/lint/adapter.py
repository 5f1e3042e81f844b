"""What `adapter` is to sqlfluff, which renders templates without a database.

A dispatched macro becomes a call of a function of its name: the same shape of SQL.
"""


def dispatch(name):
    """Stand in for dbt's `adapter.dispatch`: a function that renders as a SQL call."""
    return lambda *arguments: f"{name}({', '.join(arguments)})"
