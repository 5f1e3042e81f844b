"""A table is a dict of equally long numpy arrays; these are the few verbs for it."""

import numpy as np

Table = dict[str, np.ndarray]


def names(text: str, between: str = ",") -> list[str]:
    """Column names written in one text."""
    return text.split(between)


def length(table: Table) -> int:
    """Number of rows; 0 for a table without columns."""
    return len(next(iter(table.values()))) if table else 0


def take(table: Table, rows) -> Table:
    """The given rows (positions or a mask) of every column."""
    return {name: column[rows] for name, column in table.items()}


def stack(tables: list[Table]) -> Table:
    """Tables of the same columns, one below the other; empty ones are skipped."""
    tables = [table for table in tables if length(table)]
    if not tables:
        return {}
    return {name: np.concatenate([t[name] for t in tables]) for name in tables[0]}


def ranges(starts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Positions start, start + 1, … of every range, one range after the other."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) - np.repeat(ends - counts - starts, counts)


def counter(counts: np.ndarray) -> np.ndarray:
    """0, 1, … within every group of the given sizes."""
    return ranges(np.zeros(len(counts), dtype=np.int64), counts)


def rank_within(groups: np.ndarray) -> np.ndarray:
    """0, 1, … for the rows of each group, in the order in which they stand."""
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    ranks = np.empty(len(groups), dtype=np.int64)
    ranks[order] = counter(np.diff(np.r_[starts, len(ordered)]))
    return ranks
