"""The models of what customers will still buy, against what is known about them.

Known are: the figures of the papers, histories that were drawn from given parameters,
integrals that say the same another way, and what customers of a public shop did next.
"""

import csv
import os
from importlib.util import find_spec
from pathlib import Path

import duckdb
import jinja2
import numpy as np
import pytest
from scipy.integrate import dblquad, quad
from scipy.special import betaln, gammaln
from shop import PROJECT

from warehouse.lifetime import (
    MINIMUM_REPEAT_CUSTOMERS,
    Frequency,
    Spending,
    expected_orders,
    expected_spend,
    fit_frequency,
    fit_shop,
    fit_spending,
    frequency_log_likelihood,
    probability_alive,
    spending_log_likelihood,
)

# What the papers found in the orders of CDNOW, in weeks and dollars.
CDNOW = Frequency(r=0.243, alpha=4.414, a=0.793, b=2.426)
CDNOW_SPENDING = Spending(p=6.25, q=3.74, gamma=15.44)


def drawn_histories(parameters: Frequency, ages, seed: int):
    """Repeat orders and recency of customers who behave as BG/NBD says."""
    draw = np.random.default_rng(seed)
    size = len(ages)
    rate = draw.gamma(parameters.r, 1 / parameters.alpha, size)
    leaves = draw.beta(parameters.a, parameters.b, size)
    frequency, recency, clock = np.zeros((3, size))
    alive = np.arange(size)
    while len(alive):
        clock[alive] += draw.exponential(1 / rate[alive])
        alive = alive[clock[alive] < ages[alive]]
        frequency[alive] += 1
        recency[alive] = clock[alive]
        alive = alive[draw.random(len(alive)) > leaves[alive]]
    return frequency, recency


def drawn_spending(parameters: Spending, orders, seed: int):
    """Mean orders of customers who spend as gamma-gamma says."""
    draw = np.random.default_rng(seed)
    scale = draw.gamma(parameters.q, 1 / parameters.gamma, len(orders))
    return draw.gamma(parameters.p * orders, 1 / (scale * orders))


# ------------------------------------------------------------------ the papers' figures


def test_published_customer():
    """The customer of the authors' worksheet: two repeat orders, the last after 30.43
    of 38.86 weeks, is to order 1.226 times in 39 weeks."""
    found = expected_orders(CDNOW, [2], [30.43], [38.86], 39)
    assert found[0] == pytest.approx(1.226, abs=5e-4)


def test_mean_spend_of_everybody():
    """p gamma / (q - 1) is what the note expects of a customer without an order, 35.22
    dollars; ten thousand orders of 50 leave nothing of it."""
    found = expected_spend(CDNOW_SPENDING, [0, 10_000], [999, 50])
    assert found == pytest.approx([35.22, 50], abs=5e-3)


def cdnow(name: str, *columns: str) -> list[np.ndarray]:
    """Columns of a table of the CDNOW customers that come with a library.

    The library itself is not imported: what is tested here must not test itself.
    """
    (folder,) = find_spec("lifetimes").submodule_search_locations
    with (Path(folder) / "datasets" / name).open() as file:
        rows = list(csv.DictReader(file))
    return [np.array([float(row[column]) for row in rows]) for column in columns]


@pytest.mark.confirms("customer_lifetime_value_predicted", by="CDNOW, 2,357 customers")
def test_published_frequency_parameters():
    """2,357 customers of CDNOW give the paper's parameters to three figures.

    Recency and age are in weeks.
    """
    x, recency, age = cdnow("cdnow_customers_summary.csv", "frequency", "recency", "T")
    assert (len(x), sum(x > 0), sum(x)) == (2357, 946, 2457)
    fit = fit_frequency(x, recency, age)
    assert fit.converged
    assert fit.log_likelihood == pytest.approx(-9582.4, abs=0.05)
    for name, value in vars(CDNOW).items():
        assert getattr(fit.parameters, name) == pytest.approx(value, abs=5e-4)


def test_published_spending_parameters():
    """Their 946 repeat customers give the note's parameters to three figures."""
    x, spend = cdnow("cdnow_customers_summary_with_transactions.csv", "x", "zbar")
    fit = fit_spending(x[x > 0], spend[x > 0])
    for name, value in vars(CDNOW_SPENDING).items():
        assert getattr(fit.parameters, name) == pytest.approx(value, rel=2e-3)


# ------------------------------------------------- histories with known parameters


def test_frequency_is_recovered():
    """200,000 customers drawn from the published parameters give them back, within four
    standard errors, which are below 5 % of each."""
    ages = np.random.default_rng(1).integers(27 * 7, 39 * 7, 200_000) / 7
    frequency, recency = drawn_histories(CDNOW, ages, seed=2)
    fit = fit_frequency(frequency, recency, ages)
    assert fit.converged
    assert not fit.at_bound
    errors = standard_errors(
        lambda point: frequency_log_likelihood(
            Frequency(*point), frequency, recency, ages
        ).sum(),
        list(vars(fit.parameters).values()),
    )
    found = np.array(list(vars(fit.parameters).values()))
    true = np.array(list(vars(CDNOW).values()))
    assert np.all(np.abs(found - true) < 4 * errors), (found, errors)
    assert np.all(errors < 0.05 * true), errors


def test_spending_is_recovered():
    """The same for what 200,000 customers spend."""
    orders = np.random.default_rng(3).geometric(0.4, 200_000)
    mean = drawn_spending(CDNOW_SPENDING, orders, seed=4)
    fit = fit_spending(orders, mean)
    assert fit.converged
    assert not fit.at_bound
    errors = standard_errors(
        lambda point: spending_log_likelihood(Spending(*point), orders, mean).sum(),
        list(vars(fit.parameters).values()),
    )
    found = np.array(list(vars(fit.parameters).values()))
    true = np.array(list(vars(CDNOW_SPENDING).values()))
    assert np.all(np.abs(found - true) < 4 * errors), (found, errors)
    assert np.all(errors < 0.05 * true), errors


def standard_errors(log_likelihood, point) -> np.ndarray:
    """Roots of the diagonal of the inverse curvature, by differences."""
    point = np.asarray(point)
    steps = 1e-3 * point
    size = len(point)
    curvature = np.empty((size, size))
    for i in range(size):
        for j in range(size):
            one, other = np.eye(size)[i] * steps, np.eye(size)[j] * steps
            curvature[i, j] = (
                log_likelihood(point + one + other)
                - log_likelihood(point + one - other)
                - log_likelihood(point - one + other)
                + log_likelihood(point - one - other)
            ) / (4 * steps[i] * steps[j])
    return np.sqrt(np.diag(np.linalg.inv(-curvature)))


def test_what_is_expected_comes():
    """Drawn customers order as often in the next 52 weeks as is expected of them, in
    all and by their repeat orders so far; as many are alive as is said."""
    ages = np.random.default_rng(5).uniform(20, 60, 200_000)
    frequency, recency = drawn_histories(CDNOW, ages, seed=6)
    # The same draws with a longer watch: the beginning of each history is the same.
    draw_again = drawn_ahead(CDNOW, ages, 52, seed=6)
    assert np.array_equal(draw_again[0], frequency)
    expected = expected_orders(CDNOW, frequency, recency, ages, 52)
    came = draw_again[1]
    alive = probability_alive(CDNOW, frequency, recency, ages)
    for few, many in ((0, 0), (1, 1), (2, 3), (4, 9), (0, 10_000)):
        chosen = (frequency >= few) & (frequency <= many)
        noise = came[chosen].std() / np.sqrt(chosen.sum())
        assert abs(came[chosen].mean() - expected[chosen].mean()) < 4 * noise, few
        noise = 0.5 / np.sqrt(chosen.sum())
        still = draw_again[2][chosen].mean()
        assert abs(still - alive[chosen].mean()) < 4 * noise, few


def drawn_ahead(parameters: Frequency, ages, weeks: float, seed: int):
    """Repeat orders up to each age, those of the weeks after, who was alive between."""
    draw = np.random.default_rng(seed)
    size = len(ages)
    rate = draw.gamma(parameters.r, 1 / parameters.alpha, size)
    leaves = draw.beta(parameters.a, parameters.b, size)
    frequency, later, clock = np.zeros((3, size))
    alive_then = np.ones(size, bool)
    alive = np.arange(size)
    # First up to the age, with the same draws as drawn_histories.
    waiting = []
    while len(alive):
        clock[alive] += draw.exponential(1 / rate[alive])
        waiting.append(alive[clock[alive] >= ages[alive]])
        alive = alive[clock[alive] < ages[alive]]
        frequency[alive] += 1
        stays = draw.random(len(alive)) > leaves[alive]
        alive_then[alive[~stays]] = False
        alive = alive[stays]
    # Then on: their next order is drawn already.
    alive = np.concatenate(waiting)
    alive = alive[clock[alive] < ages[alive] + weeks]
    while len(alive):
        later[alive] += 1
        alive = alive[draw.random(len(alive)) > leaves[alive]]
        clock[alive] += draw.exponential(1 / rate[alive])
        alive = alive[clock[alive] < ages[alive] + weeks]
    return frequency, later, alive_then


# ----------------------------------------------------------------- the same, integrated

HISTORIES = [(0, 0.0, 38.86), (2, 30.43, 38.86), (7, 35.0, 36.0)]


def joint(parameters: Frequency, x, recency, age):
    """Likelihood of a history over rate and chance to leave, as equation 3 has it: the
    customer is alive, or left with the last order."""

    def density(chance, rate):
        prior = np.exp(
            parameters.r * np.log(parameters.alpha)
            + (parameters.r - 1) * np.log(rate)
            - parameters.alpha * rate
            - gammaln(parameters.r)
            + (parameters.a - 1) * np.log(chance)
            + (parameters.b - 1) * np.log1p(-chance)
            - betaln(parameters.a, parameters.b)
        )
        alive = (1 - chance) ** x * rate**x * np.exp(-rate * age)
        gone = 0.0
        if x > 0:
            gone = chance * (1 - chance) ** (x - 1) * rate**x * np.exp(-rate * recency)
        return prior, alive, gone

    return density


# Shapes above 1, so that the integrals have no poles at the edges.
SMOOTH = Frequency(r=1.7, alpha=6.0, a=1.3, b=2.4)


@pytest.mark.parametrize(("x", "recency", "age"), HISTORIES)
def test_likelihood_and_expectation_by_integration(x, recency, age):
    """Likelihood, chance to be alive and expected orders are the integrals over all
    rates and chances that the paper starts from."""
    density = joint(SMOOTH, x, recency, age)

    def integral(inside):
        return dblquad(
            lambda chance, rate: inside(chance, rate, *density(chance, rate)),
            *(1e-12, 8, 1e-12, 1 - 1e-12),
            epsabs=0,
            epsrel=1e-7,
        )[0]

    whole = integral(lambda c, r, prior, alive, gone: prior * (alive + gone))
    alive = integral(lambda c, r, prior, alive, gone: prior * alive)
    ahead = integral(
        lambda c, r, prior, alive, gone: prior * alive * (1 - np.exp(-r * c * 26)) / c
    )
    history = (SMOOTH, [x], [recency], [age])
    assert frequency_log_likelihood(*history)[0] == pytest.approx(np.log(whole))
    assert probability_alive(*history)[0] == pytest.approx(alive / whole, rel=1e-6)
    assert expected_orders(*history, 26)[0] == pytest.approx(ahead / whole, rel=1e-6)


@pytest.mark.parametrize(("orders", "mean"), [(1, 12.0), (3, 35.0), (20, 80.0)])
def test_spending_by_integration(orders, mean):
    """Likelihood and expected spend are integrals over the customers' own scales."""
    p, q, gamma = vars(CDNOW_SPENDING).values()

    def density(scale):
        own = p * orders
        return np.exp(
            q * np.log(gamma) + (q - 1) * np.log(scale) - gamma * scale - gammaln(q)
            + own * np.log(scale * orders) + (own - 1) * np.log(mean)
            - scale * orders * mean - gammaln(own)
        )  # fmt: skip

    whole = quad(density, 0, 8, epsabs=0, epsrel=1e-10, limit=500)[0]
    spend = quad(
        lambda scale: density(scale) * p / scale,
        *(0, 8),
        epsabs=0,
        epsrel=1e-10,
        limit=500,
    )[0]
    found = spending_log_likelihood(CDNOW_SPENDING, [orders], [mean])[0]
    assert found == pytest.approx(np.log(whole), rel=1e-8)
    assert expected_spend(CDNOW_SPENDING, [orders], [mean])[0] == pytest.approx(
        spend / whole, rel=1e-8
    )


# ----------------------------------------------------------------------- the fit itself


def test_a_fit_does_not_depend_on_order_or_weights():
    """One row a customer, or one a history with the number of customers: the same."""
    ages = np.random.default_rng(7).integers(20, 200, 3000) / 7
    frequency, recency = drawn_histories(CDNOW, ages, seed=8)
    recency = np.round(recency * 7) / 7
    histories, customers = np.unique(
        np.stack([frequency, recency, ages]), axis=1, return_counts=True
    )
    one = fit_frequency(frequency, recency, ages)
    other = fit_frequency(*histories[:, ::-1], customers[::-1])
    assert len(customers) < 3000
    assert one.log_likelihood == pytest.approx(other.log_likelihood, abs=1e-4)
    assert fit_frequency(frequency, recency, ages) == one


def test_a_currency_of_small_units_fits_as_well():
    """Yen or euros: the shapes are the same and the scale is a hundred times."""
    orders = np.random.default_rng(9).geometric(0.5, 5000)
    mean = drawn_spending(CDNOW_SPENDING, orders, seed=10)
    euros, yen = fit_spending(orders, mean), fit_spending(orders, mean * 100)
    assert yen.parameters.p == pytest.approx(euros.parameters.p, rel=1e-6)
    assert yen.parameters.gamma == pytest.approx(euros.parameters.gamma * 100, rel=1e-6)
    assert yen.log_likelihood == pytest.approx(
        euros.log_likelihood - 5000 * np.log(100), rel=1e-9
    )


def shop_of(customers: int, days: int):
    """Columns of fit_shop: so many customers, all with one repeat order."""
    history = {
        "frequency": np.ones(2),
        "recency_days": np.array([3, 30]),
        "age_days": np.array([days, days // 2]),
        "customers": np.array([customers - 1, 1]),
    }
    spending = {
        "spend_orders": np.ones(2),
        "mean_spend": np.array([20.0, 50.0]),
        "customers": np.array([customers - 1, 1]),
    }
    return history, spending


def test_too_little_is_said_and_not_fitted():
    """A year and 500 repeat customers are needed; the day and the customer before that
    give no parameters and the reason."""
    least = MINIMUM_REPEAT_CUSTOMERS
    young = fit_shop(*shop_of(least, 364))
    few = fit_shop(*shop_of(least - 1, 365))
    enough = fit_shop(*shop_of(least, 365))
    assert young["status"] == "history shorter than 12 months"
    assert few["status"] == "fewer than 500 repeat customers"
    assert young["r"] is few["r"] is young["p"] is few["p"] is None
    assert enough["status"] == "ok"
    assert enough["customers"] == enough["repeat_customers"] == least
    history, spending = shop_of(least, 365)
    unknown = fit_shop(history, {name: v[:0] for name, v in spending.items()})
    assert unknown["status"] == "repeat orders without known sales"


# --------------------------------------------------------------------------- and in SQL


def macros():
    """macros/lifetime.sql, whose macros need nothing of dbt."""
    text = (PROJECT / "macros" / "lifetime.sql").read_text()
    return jinja2.Environment().from_string(text).module


def test_sql_scores_as_python_does():
    """Chance to be alive, expected orders and expected spend, to nine figures, over
    parameters from 0.1 to 20 (and the published ones), from no order to 300."""
    sql = macros()
    draw = np.random.default_rng(11)
    size = 400
    r, alpha, a, b = np.exp(draw.uniform(np.log(0.1), np.log(20), (4, size)))
    r[:100], alpha[:100], a[:100], b[:100] = vars(CDNOW).values()
    age = draw.choice([0, 1, 10, 52, 100, 400], size).astype(float)
    x = np.where(age > 0, draw.choice([0, 0, 1, 2, 5, 30, 300], size), 0)
    recency = np.where(x > 0, age * draw.uniform(0, 1, size), 0)
    ahead = draw.choice([1, 26, 52, 104], size).astype(float)
    orders = draw.integers(0, 9, size)
    spend = draw.uniform(1, 200, size)
    rows = list(zip(
        *(range(size), r, alpha, a, b, x, recency, age, ahead, orders, spend),
        strict=True,
    ))  # fmt: skip
    with duckdb.connect() as connection:
        connection.execute(
            "create table cases (id int, r double, alpha double, a double, b double,"
            " x double, recency double, age double, ahead double, orders double,"
            " spend double)"
        )
        connection.executemany(
            f"insert into cases values ({', '.join('?' * 11)})",
            [[float(value) for value in row] for row in rows],
        )
        weight = sql.beta_weight("a", "b + x")
        inside = sql.orders_at_point("(r + x)", "(ahead / (alpha + age))")
        spent = sql.expected_spend("6.25", "3.74", "15.44", "orders", "spend")
        alive = sql.probability_alive("r", "alpha", "a", "b", "x", "recency", "age")
        found = connection.execute(
            f"""select any_value({alive}),
                any_value({alive}) * sum({weight} * {inside}) / sum({weight}),
                any_value({spent})
            from cases cross join ({sql.lifetime_points()}) as points
            group by id order by id"""
        ).fetchall()
    found = np.array(found, float)
    for i, row in enumerate(rows):
        parameters = Frequency(*row[1:5])
        history = (parameters, [row[5]], [row[6]], [row[7]])
        assert found[i, 0] == pytest.approx(probability_alive(*history)[0], rel=1e-9)
        # The closed form loses figures of its own where it subtracts equals.
        assert found[i, 1] == pytest.approx(
            expected_orders(*history, row[8])[0], rel=1e-9, abs=1e-12
        ), row
    assert found[:, 2] == pytest.approx(
        expected_spend(CDNOW_SPENDING, orders, spend), rel=1e-12
    )


def test_sql_has_no_hole_where_the_closed_form_has_one():
    """At a = 1 the hypergeometric form divides by zero; the mean over p does not: with
    r = alpha = b = 1 a new customer orders ln(1 + weeks) times."""
    sql = macros()
    with duckdb.connect() as connection:
        weight, inside = (
            sql.beta_weight("1.0", "1.0"),
            sql.orders_at_point("1.0", "52.0"),
        )
        (found,) = connection.execute(
            f"select sum({weight} * {inside}) / sum({weight})"
            f" from ({sql.lifetime_points()}) as points"
        ).fetchone()
    assert found == pytest.approx(np.log(53), rel=1e-12)


# ------------------------------------------------------------------- held-out customers


def test_a_public_shop_held_out(shared):
    """Two years of a real shop: fitted to the first 18 months, the model says to 5 %
    how many orders come in the rest, to 15 % how many of each class of customers, and
    is nearer than the rate so far, in all and class by class."""
    folder = shared / "data" / "uci_online_retail"
    found = duckdb.sql(f"""
        with invoices as (
            select "Customer ID" as customer, cast(InvoiceDate as date) as day
            from '{folder}/online_retail_II_year_2009_2010.parquet'
            where "Customer ID" is not null and Invoice not like 'C%' and Quantity > 0
            union
            select CustomerID, cast(InvoiceDate as date)
            from '{folder}/online_retail_2010_2011.parquet'
            where CustomerID is not null and InvoiceNo not like 'C%' and Quantity > 0
        ),
        cut as (select date '2011-06-09' as cut_date),
        histories as (
            select customer,
                count(*) filter (where day <= cut_date) - 1 as frequency,
                max(day) filter (where day <= cut_date) - min(day) as recency_days,
                any_value(cut_date) - min(day) as age_days,
                count(*) filter (where day > cut_date) as later
            from invoices, cut group by customer having min(day) <= any_value(cut_date)
        )
        select frequency, recency_days, age_days, count(*) as customers,
            cast(sum(later) as double) as later
        from histories group by all order by all
    """).fetchnumpy()
    x, customers, later = found["frequency"], found["customers"], found["later"]
    recency, age = found["recency_days"] / 7, found["age_days"] / 7
    fit = fit_frequency(x, recency, age, customers)
    assert fit.converged
    weeks = 183 / 7
    model = expected_orders(fit.parameters, x, recency, age, weeks) * customers
    plain = np.divide(x, age, out=np.zeros(len(age)), where=age > 0) * weeks * customers
    classes = np.minimum(x, 7)
    lines = [
        (
            int(k),
            *(float(v[classes == k].sum()) for v in (customers, later, model, plain)),
        )
        for k in range(8)
    ]
    report = "\n".join(" ".join(f"{value:9.1f}" for value in line) for line in lines)
    if os.environ.get("SHOW_BACKTEST"):
        print(f"\n{fit}\n{report}\n{later.sum()} {model.sum()} {plain.sum()}")
    assert model.sum() / later.sum() == pytest.approx(1, abs=0.05), report
    assert abs(model.sum() - later.sum()) < abs(plain.sum() - later.sum()), report
    for _, _, came, by_model, by_rate in lines:
        assert by_model / came == pytest.approx(1, abs=0.15), report
        assert abs(by_model - came) < abs(by_rate - came), report
