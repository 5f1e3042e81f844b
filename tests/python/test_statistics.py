"""The statistics macros against scipy, over their whole range."""

import re

import duckdb
import jinja2
import numpy as np
import pytest
from scipy import stats

from warehouse.paths import PROJECT


def sql(macro: str, *arguments: str) -> str:
    """What a macro of macros/statistics.sql writes."""
    source = (PROJECT / "macros" / "statistics.sql").read_text()
    module = jinja2.Environment().from_string(source).make_module()
    return re.sub(r"\s+", " ", getattr(module, macro)(*arguments))


def evaluate(macro: str, values: np.ndarray) -> np.ndarray:
    """A macro's results for an array of doubles, computed by DuckDB."""
    query = f"select {sql(macro, 'x')} as y from inputs order by position"
    with duckdb.connect() as connection:
        connection.register("inputs", {"x": values, "position": np.arange(len(values))})
        return connection.sql(query).fetchnumpy()["y"]


Z = np.concatenate([np.linspace(-38, 38, 7601), [0.0, 7.0710678118, 1e-12]])


@pytest.mark.parametrize(
    ("macro", "expected"),
    [
        ("normal_cdf", stats.norm.cdf),
        ("normal_tail", lambda z: stats.norm.sf(np.abs(z))),
        ("two_sided_p", lambda z: 2 * stats.norm.sf(np.abs(z))),
    ],
)
def test_normal_probabilities(macro, expected):
    """Within 1e-9 absolutely, and far out in the tail relatively."""
    found = evaluate(macro, Z)
    np.testing.assert_allclose(found, expected(Z), rtol=0, atol=1e-9)
    inner = np.abs(Z) < 30
    np.testing.assert_allclose(found[inner], expected(Z[inner]), rtol=1e-7)


def test_normal_quantile():
    """AS 241 in the middle, beside it and far out; nothing outside 0 to 1."""
    p = np.concatenate([np.linspace(0.0001, 0.9999, 9999), 10.0 ** -np.arange(4, 200)])
    np.testing.assert_allclose(
        evaluate("normal_quantile", p), stats.norm.ppf(p), rtol=1e-9, atol=1e-12
    )
    outside = evaluate("normal_quantile", np.array([0.0, 1.0, -1.0, 2.0]))
    assert np.ma.getmaskarray(outside).all()


def test_chi_square_with_one_degree():
    x = np.linspace(0, 200, 2001)
    found = evaluate("chi_square_1_tail", x)
    np.testing.assert_allclose(found, stats.chi2.sf(x, 1), rtol=0, atol=1e-9)
