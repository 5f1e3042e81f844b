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


def evaluate(macro: str, *values: np.ndarray) -> np.ndarray:
    """A macro's results for arrays of doubles, one an argument, computed by DuckDB."""
    inputs = {f"x{i}": array for i, array in enumerate(values)}
    query = f"select {sql(macro, *inputs)} as y from inputs order by position"
    inputs["position"] = np.arange(len(values[0]))
    with duckdb.connect() as connection:
        connection.register("inputs", inputs)
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


def crossed(values: np.ndarray, degrees: float) -> tuple[np.ndarray, np.ndarray]:
    """Values beside as many times the degrees of freedom."""
    return values, np.full(len(values), float(degrees))


@pytest.mark.parametrize(
    ("degrees", "probability", "quantile"),
    [
        (3, 3e-5, 2e-2), (5, 4e-7, 1e-4), (7, 2e-8, 5e-6), (9.5, 2e-9, 1e-7),
        (20, 1e-10, 2e-8), (400, 1e-12, 1e-10), (1e7, 1e-8, 1e-8),
    ],
)  # fmt: skip
def test_student_t(degrees, probability, quantile):
    """Hill's two algorithms get exact fast; ln(1 + x) limits them far above."""
    t = np.linspace(-30, 30, 1201)
    z = evaluate("student_z", *crossed(t, degrees))
    np.testing.assert_allclose(
        stats.norm.cdf(z), stats.t.cdf(t, degrees), rtol=0, atol=probability
    )
    p = np.array([0.001, 0.025, 0.2, 0.8, 0.9, 0.95, 0.975, 0.995, 0.9995])
    found = evaluate("student_quantile", *crossed(stats.norm.ppf(p), degrees))
    np.testing.assert_allclose(found, stats.t.ppf(p, degrees), rtol=0, atol=quantile)


@pytest.mark.parametrize("macro", ["student_z", "student_quantile"])
def test_student_t_of_next_to_nothing(macro):
    """Under three degrees of freedom the formulas are no good: there is no result."""
    found = evaluate(macro, np.ones(2), np.array([2.9, 1.0]))
    assert np.ma.getmaskarray(found).all()


def test_welch_is_scipys():
    """Two small and uneven samples: degrees of freedom, p value and interval."""
    draw = np.random.default_rng(7)
    a, b = draw.normal(10, 1, 12), draw.normal(11.5, 4, 30)
    known = stats.ttest_ind(b, a, equal_var=False)
    of_a, of_b = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
    values = [np.array([float(v)]) for v in (of_a, len(a), of_b, len(b))]
    degrees = evaluate("welch_degrees", *values)
    assert degrees[0] == pytest.approx(known.df, rel=1e-12)
    error = np.sqrt(of_a + of_b)
    t = np.array([(b.mean() - a.mean()) / error])
    z = evaluate("student_z", t, np.asarray(degrees))
    assert 2 * stats.norm.sf(abs(z[0])) == pytest.approx(known.pvalue, rel=1e-6)
    wide = evaluate(
        "student_quantile", *crossed(np.array([1.959963984540054]), known.df)
    )
    high = known.confidence_interval(0.95).high
    assert b.mean() - a.mean() + wide[0] * error == pytest.approx(high, rel=1e-9)
