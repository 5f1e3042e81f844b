"""What customers will still buy: BG/NBD for how often, gamma-gamma for how much.

BG/NBD (Fader, Hardie & Lee 2005, "Counting Your Customers the Easy Way: An Alternative
to the Pareto/NBD Model", Marketing Science 24(2)): while a customer is alive, orders
come at random at a rate of the customer's own, gamma distributed over customers (r,
alpha); after each order the customer leaves for good with a chance of the customer's
own, beta distributed over customers (a, b).

Gamma-gamma (Fader & Hardie 2013, "The Gamma-Gamma Model of Monetary Value"): orders of
a customer vary around the customer's own mean with shape p; the means vary over
customers (q, gamma). How much and how often are taken to be unrelated.

Time is in weeks, money in the reporting currency. The parameters are fitted here; every
customer is scored in SQL (macros/lifetime.sql); a test holds the two together. Nothing
is random: the same histories give the same parameters to the last digit.
"""

import os
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Matrices of four rows: threads would wait for each other, ten times as long as one
# takes. Read when SciPy loads its linear algebra.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from scipy.optimize import minimize
from scipy.special import betaln, digamma, expit, gammaln, hyp2f1

# Below these a fit would be an anecdote: seasons not seen once, or a handful of people.
MINIMUM_REPEAT_CUSTOMERS = 500
MINIMUM_HISTORY_DAYS = 365
OK = "ok"

# Where no customer differs from another, likelihoods go on rising towards infinity; the
# predictions have long stopped to move there.
FREQUENCY_BOUNDS = {"r": (0.01, 100), "alpha": (0.01, 10_000), "a": (0.01, 100)}
FREQUENCY_BOUNDS["b"] = FREQUENCY_BOUNDS["a"]
# Below q = 1 the mean over all customers would be infinite. gamma is in mean orders.
SPENDING_BOUNDS = {"p": (0.01, 1000), "q": (1.01, 1000), "gamma": (0.0001, 1000)}

# Several places to start from, so that none decides where the fit ends.
FREQUENCY_STARTS = ((0.5, 10, 1, 2), (0.2, 4, 0.5, 5), (1, 20, 3, 9))
SPENDING_STARTS = ((2, 3, 1), (6, 4, 0.5))


@dataclass(frozen=True)
class Frequency:
    """Parameters of BG/NBD.

    Attributes:
        r: Shape of the order rates over customers.
        alpha: Their scale, in weeks: the mean rate is r / alpha orders a week.
        a: First shape of the chances to leave after an order: the mean is a / (a + b).
        b: Second shape of them.
    """

    r: float
    alpha: float
    a: float
    b: float


@dataclass(frozen=True)
class Spending:
    """Parameters of the gamma-gamma model.

    Attributes:
        p: Shape of one customer's orders around the customer's mean.
        q: Shape of the means over customers.
        gamma: Scale of them, in money: the mean of all is p * gamma / (q - 1).
    """

    p: float
    q: float
    gamma: float


@dataclass(frozen=True)
class Fit:
    """What a fit found.

    Attributes:
        parameters: A `Frequency` or a `Spending`.
        log_likelihood: Of all customers together, natural logarithm.
        converged: True where no step up was left.
        at_bound: True where a parameter stands at the edge of what is looked at.
    """

    parameters: Frequency | Spending
    log_likelihood: float
    converged: bool
    at_bound: bool


# ------------------------------------------------------------------ how often: BG/NBD


def frequency_log_likelihood(
    parameters: Frequency, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike
) -> NDArray:
    """Log-likelihood of each history (equation 6 of the paper, in logarithms).

    Args:
        parameters: The model.
        frequency: Repeat orders: orders after the first. Shape (n,).
        recency: Weeks from the first order to the last; 0 where there is one. (n,).
        age: Weeks from the first order to the moment of looking. (n,).

    Returns:
        Natural logarithms, shape (n,).
    """
    recency, age = (np.asarray(values, float) for values in (recency, age))
    point = (parameters.r, parameters.alpha, parameters.a, parameters.b)
    return _frequency(*point, *_values_and_places(frequency), recency, age)[0]


def _values_and_places(values: ArrayLike) -> tuple[NDArray, NDArray]:
    """The few values that are there, and which of them stands where: what takes long
    is worked out once a value."""
    return np.unique(np.asarray(values, float), return_inverse=True)


def _frequency(r, alpha, a, b, counts, place, recency, age) -> tuple[NDArray, NDArray]:
    """Log-likelihoods (n,) and their derivatives by r, alpha, a and b (4, n)."""
    x = counts[place]
    repeats = x > 0
    fewer = np.where(repeats, x - 1, 0)
    log_age, log_recency = np.log(alpha + age), np.log(alpha + recency)
    alive = -(r + x) * log_age
    gone = np.log(a) - np.log(b + fewer) - (r + x) * log_recency
    gone = np.where(repeats, gone, -np.inf)
    either = np.logaddexp(alive, gone)
    of_alive, of_gone = np.exp(alive - either), np.exp(gone - either)
    value = gammaln(r + counts) - gammaln(r) + r * np.log(alpha)
    value += betaln(a, b + counts) - betaln(a, b)
    of_rate = digamma(r + counts) - digamma(r) + np.log(alpha)
    of_leaving = digamma(a + b) - digamma(a + b + counts)
    of_staying = of_leaving + digamma(b + counts) - digamma(b)
    slope = np.stack(
        [
            of_rate[place] - of_alive * log_age - of_gone * log_recency,
            r / alpha
            - (r + x) * (of_alive / (alpha + age) + of_gone / (alpha + recency)),
            of_leaving[place] + of_gone / a,
            of_staying[place] - of_gone / (b + fewer),
        ]
    )
    return value[place] + either, slope


def fit_frequency(
    frequency: ArrayLike,
    recency: ArrayLike,
    age: ArrayLike,
    customers: ArrayLike | None = None,
) -> Fit:
    """The BG/NBD parameters under which these histories are likeliest.

    Args:
        frequency: Repeat orders. Shape (n,).
        recency: Weeks from the first order to the last. (n,).
        age: Weeks from the first order to the moment of looking. (n,).
        customers: How many customers have each history; one each when left out. (n,).

    Returns:
        The fit; its parameters are a `Frequency`.
    """
    recency, age = (np.asarray(values, float) for values in (recency, age))
    weight = np.ones(len(age)) if customers is None else np.asarray(customers, float)
    counts, place = _values_and_places(frequency)

    def likelihood(point):
        return _frequency(*point, counts, place, recency, age)

    return _fit(likelihood, weight, FREQUENCY_STARTS, FREQUENCY_BOUNDS, Frequency)


def probability_alive(
    parameters: Frequency, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike
) -> NDArray:
    """The chance that a customer has not left, given the history.

    With one order nobody has left yet: in this model people leave after repeat orders.

    Args:
        parameters: The model.
        frequency: Repeat orders. Shape (n,).
        recency: Weeks from the first order to the last. (n,).
        age: Weeks from the first order to the moment of looking. (n,).

    Returns:
        Shares from 0 to 1, shape (n,).
    """
    x, recency, age = (np.asarray(v, float) for v in (frequency, recency, age))
    r, alpha, a, b = (parameters.r, parameters.alpha, parameters.a, parameters.b)
    fewer = np.where(x > 0, x - 1, 0)
    odds_gone = (
        np.log(a / (b + fewer)) + (r + x) * np.log((alpha + age) / (alpha + recency))
    )  # fmt: skip
    return np.where(x > 0, expit(-odds_gone), 1.0)


def expected_orders(
    parameters: Frequency,
    frequency: ArrayLike,
    recency: ArrayLike,
    age: ArrayLike,
    weeks: float,
) -> NDArray:
    """Orders to expect of each customer in the weeks to come (equation 10).

    Written with Euler's transformation of the hypergeometric function, which neither
    overflows nor slows down where a customer has many orders. Undefined at a = 1.

    Args:
        parameters: The model.
        frequency: Repeat orders. Shape (n,).
        recency: Weeks from the first order to the last. (n,).
        age: Weeks from the first order to the moment of looking. (n,).
        weeks: How far to look ahead.

    Returns:
        Numbers of orders, shape (n,).
    """
    x, recency, age = (np.asarray(v, float) for v in (frequency, recency, age))
    r, alpha, a, b = (parameters.r, parameters.alpha, parameters.a, parameters.b)
    z = weeks / (alpha + age + weeks)
    series = hyp2f1(a + b - r - 1, a - 1, a + b + x - 1, z)
    if_alive = (a + b + x - 1) / (a - 1) * (1 - (1 - z) ** (a - 1) * series)
    return if_alive * probability_alive(parameters, x, recency, age)


# --------------------------------------------------------------- how much: gamma-gamma


def spending_log_likelihood(
    parameters: Spending, orders: ArrayLike, mean_spend: ArrayLike
) -> NDArray:
    """Log-likelihood of each customer's mean order (equation 1a of the note).

    Args:
        parameters: The model.
        orders: Orders that the mean is over, at least one. Shape (n,).
        mean_spend: Mean money of them, above zero. (n,).

    Returns:
        Natural logarithms of densities, shape (n,).
    """
    point = (parameters.p, parameters.q, parameters.gamma)
    mean = np.asarray(mean_spend, float)
    return _spending(*point, *_values_and_places(orders), mean)[0]


def _spending(p, q, gamma, counts, place, mean) -> tuple[NDArray, NDArray]:
    """Log-likelihoods (n,) and their derivatives by p, q and gamma (3, n)."""
    x = counts[place]
    spent = mean * x
    log_spent, log_total = np.log(spent), np.log(gamma + spent)
    value = q * np.log(gamma) - betaln(p * counts, q)
    both = digamma(p * counts + q)
    of_shape = both - digamma(p * counts)
    of_means = both - digamma(q) + np.log(gamma)
    slope = np.stack(
        [
            x * (of_shape[place] + log_spent - log_total),
            of_means[place] - log_total,
            q / gamma - (p * x + q) / (gamma + spent),
        ]
    )
    value = value[place] + p * x * log_spent - (p * x + q) * log_total - np.log(mean)
    return value, slope


def fit_spending(
    orders: ArrayLike, mean_spend: ArrayLike, customers: ArrayLike | None = None
) -> Fit:
    """The gamma-gamma parameters under which these mean orders are likeliest.

    Args:
        orders: Orders that each mean is over, at least one. Shape (n,).
        mean_spend: Mean money of them, above zero. (n,).
        customers: How many customers have each pair; one each when left out. (n,).

    Returns:
        The fit; its parameters are a `Spending`.
    """
    mean = np.asarray(mean_spend, float)
    weight = np.ones(len(mean)) if customers is None else np.asarray(customers, float)
    counts, place = _values_and_places(orders)
    # In units of the mean order, so that a currency of small units fits as well.
    unit = float(np.average(mean, weights=weight))

    def likelihood(point):
        return _spending(*point, counts, place, mean / unit)

    fit = _fit(likelihood, weight, SPENDING_STARTS, SPENDING_BOUNDS, Spending)
    found = fit.parameters
    return Fit(
        Spending(found.p, found.q, found.gamma * unit),
        fit.log_likelihood - float(weight.sum() * np.log(unit)),
        fit.converged,
        fit.at_bound,
    )


def expected_spend(
    parameters: Spending, orders: ArrayLike, mean_spend: ArrayLike
) -> NDArray:
    """What each customer's next order is expected to bring (equation 5).

    The customer's own mean and that of all, weighted by how much is known; without an
    order (0, and any mean) it is the mean of all.

    Args:
        parameters: The model.
        orders: Orders that the mean is over. Shape (n,).
        mean_spend: Mean money of them. (n,).

    Returns:
        Money, shape (n,).
    """
    x, mean = (np.asarray(v, float) for v in (orders, mean_spend))
    p, q, gamma = (parameters.p, parameters.q, parameters.gamma)
    return p * (gamma + mean * x) / (p * x + q - 1)


# ------------------------------------------------------------------------- both of them


def _fit(likelihood, weight: NDArray, starts, bounds: dict, kind) -> Fit:
    """The best of several climbs over the logarithms of the parameters."""
    limits = np.log(list(bounds.values()))
    size = weight.sum()

    def loss(logs):
        point = np.exp(logs)
        value, slope = likelihood(point)
        # Sums that come out alike on every machine, which those of `@` do not.
        rise = (slope * weight).sum(axis=1) * point
        return -(value * weight).sum() / size, -rise / size

    climbs = [
        minimize(
            loss,
            np.log(start),
            jac=True,
            method="L-BFGS-B",
            bounds=limits,
            options={"ftol": 1e-12, "gtol": 1e-6, "maxiter": 500},
        )
        for start in starts
    ]
    best = min(climbs, key=lambda climb: climb.fun)
    return Fit(
        kind(*(float(v) for v in np.exp(best.x))),
        -float(best.fun * size),
        bool(best.success and np.isfinite(best.fun)),
        bool(np.any(np.isclose(best.x, limits.T, atol=1e-6))),
    )


def fit_shop(history: dict[str, NDArray], spending: dict[str, NDArray]) -> dict:
    """Both models of one shop at one moment, or why there are none.

    Args:
        history: Columns of equal length, a row a history: `frequency`, `recency_days`,
            `age_days`, `customers`.
        spending: Columns of equal length, a row a pair: `spend_orders` (at least one),
            `mean_spend` (above zero), `customers`.

    Returns:
        The columns of int_lifetime_parameters from `customers` on: counts, parameters
        and log-likelihoods (None where there is no fit), `is_at_bound`, and `status`:
        `ok` or the reason.
    """
    repeats = history["frequency"] > 0
    row = {
        "customers": int(history["customers"].sum()),
        "repeat_customers": int(history["customers"][repeats].sum()),
        "spending_customers": int(spending["customers"].sum()),
        "history_days": int(history["age_days"].max(initial=0)),
        **dict.fromkeys(("r", "alpha", "a", "b", "log_likelihood")),
        **dict.fromkeys(("p", "q", "gamma", "spending_log_likelihood")),
        "is_at_bound": False,
    }
    if row["history_days"] < MINIMUM_HISTORY_DAYS:
        return {**row, "status": "history shorter than 12 months"}
    if row["repeat_customers"] < MINIMUM_REPEAT_CUSTOMERS:
        return {
            **row,
            "status": f"fewer than {MINIMUM_REPEAT_CUSTOMERS} repeat customers",
        }
    if row["spending_customers"] < MINIMUM_REPEAT_CUSTOMERS:
        return {**row, "status": "repeat orders without known sales"}
    frequency = fit_frequency(
        history["frequency"],
        history["recency_days"] / 7,
        history["age_days"] / 7,
        history["customers"],
    )
    spend = fit_spending(
        spending["spend_orders"], spending["mean_spend"], spending["customers"]
    )
    if not (frequency.converged and spend.converged):
        return {**row, "status": "did not converge"}
    return {
        **row,
        **asdict(frequency.parameters),
        "log_likelihood": frequency.log_likelihood,
        **asdict(spend.parameters),
        "spending_log_likelihood": spend.log_likelihood,
        "is_at_bound": frequency.at_bound or spend.at_bound,
        "status": OK,
    }
