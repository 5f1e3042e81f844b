"""The KPIs as MetricFlow's metrics, written from the rollups and the KPI views.

A rollup counts parts, a KPI view divides them. Both are written once. A *cube* is a
rollup's own SQL cut by all its dimensions at once (`macros/cubes.sql`); a measure is
the sum of one of its columns, and a metric is the expression that stands in the KPI's
view. Nothing here says what counts: `warehouse docs` writes `models/semantic/` from
what does, and the same test that finds a stale document finds a stale metric.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from warehouse.catalog import Kpi, kpis
from warehouse.paths import PROJECT, read_yaml

SEMANTIC = PROJECT / "models" / "semantic"
ROLLUPS = PROJECT / "models" / "rollups"
PAGE = PROJECT / "docs" / "metrics.md"
BEGIN = "<!-- written by warehouse docs -->"
END = "<!-- end -->"

# Who appears in what is counted is met once a period, and a median is a median of one
# period: the value of a week cannot be made from its days. By part: a rollup's columns
# that no cube can hold, and why. All other columns add up, and a test compares them.
MADE_AFRESH = {
    "cohorts": {".*": "a cohort is followed over the months after its first order"},
    "contacts": {
        "placed_orders": "orders have a shop, but no contact's queue or channel"
    },
    "customer_predictions": {".*": "a prediction is made today, for no past period"},
    "customers": {
        "(purchasing|repeat|returning)_customers": "a customer counts once a period",
        "(lifetime|period)_months": "a length of time up to the end of the period",
    },
    "lifetime": {".*": "a running total since the first order"},
    "market": {
        "compared_product_days|own_prices|competitor_prices": (
            "a product counts once a day, with the mean price of its competitors"
        )
    },
    "orders": {"returned_orders": "an order that comes back twice is one"},
    "payments": {"orders_(tried|paid)": "an order that is paid in two tries is one"},
    "retention": {".*": "customers of one period who came back in the next"},
    "sessions": {
        "(purchase_)?visitors": "a person counts once a period",
        "visitor_sales": "orders have no visitor type, and their country is another",
    },
    "staff": {
        "picking_hours|picked_orders|support_hours|handled_contacts": (
            "the work of a period without timesheets is left out with it"
        )
    },
    "stock": {
        ".*_at_end": "stock does not add up over days: a period has that of its last",
        "stock_days": "days with stock data, the same for every shop and category",
    },
}
MEDIAN = (r".*_p\d\d", "a median is made afresh for every period and slice")

# Dimensions that a rollup cuts by hand, because one thing is in several members (an
# order in each of its categories): cubes and metrics of their own, which add up over
# days, never over members. By dimension: the columns that such a slice does not know.
BY_HAND = {
    "actions": {"action": ""},
    "orders": {"category": "shipping|tax|total_sales"},
    "sessions": {"category": "checkout_sessions|engaged_.*|page_views|funnel_.*"},
}

# What a row of a cube is about, where the rollup's name without its s would not do.
SUBJECTS = {"products": "product_view", "site": "site_check"}
# Whose attributes can be asked for beside their key.
DIMENSION_TABLES = {
    "channel": "dim_channels",
    "product": "dim_products",
    "shop": "dim_shops",
}


@dataclass(frozen=True)
class Formula:
    """What a KPI's view says, as it says it.

    Attributes:
        rollup: The rollup it reads, without `rollup_`.
        numerator: The expression of that column, over columns of the rollup.
        denominator: The same.
        value: The same.
        without: A dimension that it leaves out, if it does.
    """

    rollup: str
    numerator: str
    denominator: str
    value: str
    without: str = ""


@dataclass(frozen=True)
class Cube:
    """A rollup cut by all its dimensions at once, or by one that it cuts by hand.

    Attributes:
        rollup: The rollup's name without `rollup_`.
        dimensions: Column of the rollup's rows by dimension; a column that ends in _id
            makes the dimension an entity, which cubes share.
        parts: The columns that metrics need, with their type and description, in the
            rollup's order.
        known: Those of them that are NULL where one row does not know them.
        reads: The models that its SQL names.
        by_hand: The one dimension of a cube that is cut by hand; empty for the others.
    """

    rollup: str
    dimensions: dict[str, str]
    parts: dict[str, dict]
    known: frozenset[str]
    reads: tuple[str, ...]
    by_hand: str = ""

    @property
    def suffix(self) -> str:
        """What the metrics of a cube that is cut by hand end in: `_by_category`."""
        return f"_by_{self.by_hand}" if self.by_hand else ""

    @property
    def name(self) -> str:
        """Its model's name without `cube_`."""
        return f"{self.rollup}{self.suffix}"

    @property
    def subject(self) -> str:
        """What its dimensions are asked by: `session` in `session__channel`."""
        subject = SUBJECTS.get(self.rollup, self.rollup.removesuffix("s"))
        return f"{subject}{self.suffix}"

    @property
    def formulas(self) -> dict[str, Formula]:
        """The KPIs whose parts it has, by KPI id."""
        unknown = BY_HAND[self.rollup][self.by_hand] if self.by_hand else ""
        return {
            kpi_id: found
            for kpi_id, found in formulas().items()
            if found.rollup == self.rollup
            and (not self.by_hand or found.without != self.by_hand)
            and not any(
                re.fullmatch(unknown, part)
                for part in parts_of(self.rollup, found.value)
            )
        }

    @property
    def shared(self) -> list[str]:
        """Its dimensions that other cubes have, too: MetricFlow's entities."""
        return [d for d, column in self.dimensions.items() if column == f"{d}_id"]

    def asked_by(self, dimension: str) -> str:
        """A dimension's name in queries; that of an entity elsewhere is not free."""
        if dimension in DIMENSION_TABLES and dimension not in self.shared:
            return f"{self.subject}_{dimension}"
        return dimension

    def measure(self, part: str) -> str:
        """The name of a part among all measures and metrics."""
        return part if part.endswith(self.name) else f"{self.name}_{part}"


def formula(kpi: Kpi) -> Formula | None:
    """The expressions of a KPI's view; None if it is no select from one rollup."""
    sql = re.sub(r"--[^\n]*", "", kpi.path.read_text(encoding="utf-8"))
    found = re.fullmatch(
        r"\s*select\s+grain,\s+period_start,\s+dimension,\s+member,\s+"
        r"(.+?)\s+as numerator,\s+(.+?)\s+as denominator,\s+(.+?)\s+as value\s+"
        r"from \{\{ ref\('rollup_(\w+)'\) \}\}(?:\s+where\s.+)?\s*",
        sql,
        re.DOTALL,
    )
    if not found:
        return None
    numerator, denominator, value = (" ".join(t.split()) for t in found.groups()[:3])
    without = re.search(r"where dimension <> '(\w+)'", sql)
    out = without.group(1) if without else ""
    return Formula(found.group(4), numerator, denominator, value, out)


def parts_of(rollup: str, expression: str) -> list[str]:
    """The columns of a rollup that an expression names, in the rollup's order."""
    words = set(re.findall(r"[a-z]\w*", expression))
    return [column for column in _columns(rollup) if column in words]


def made_afresh(rollup: str, part: str) -> str | None:
    """Why a column of a rollup does not add up; None if it does."""
    reasons = dict([MEDIAN]) | MADE_AFRESH.get(rollup, {})
    matches = (why for name, why in reasons.items() if re.fullmatch(name, part))
    return next(matches, None)


@cache
def left_out() -> dict[str, str]:
    """The KPIs that are no metric, with the reason.

    Returns:
        By KPI id, in the catalogue's order.
    """
    reasons = {}
    for kpi in kpis():
        found = formula(kpi)
        if not found:
            reasons[kpi.kpi_id] = "made of several numbers that are made afresh"
            continue
        for part in parts_of(found.rollup, found.value):
            if why := made_afresh(found.rollup, part):
                reasons.setdefault(kpi.kpi_id, f"`{part}`: {why}")
    return reasons


@cache
def formulas() -> dict[str, Formula]:
    """The views' expressions of the KPIs that are metrics, by KPI id."""
    found = {kpi.kpi_id: formula(kpi) for kpi in kpis()}
    return {k: f for k, f in found.items() if f and k not in left_out()}


@cache
def cubes() -> dict[str, Cube]:
    """The cubes that the metrics stand on, by name."""
    needed: dict[str, set[str]] = {}
    for found in formulas().values():
        everything = f"{found.value} {found.numerator} {found.denominator}"
        needed.setdefault(found.rollup, set()).update(
            part
            for part in parts_of(found.rollup, everything)
            if not made_afresh(found.rollup, part)
        )
    found = [_cube(name, needed[name]) for name in sorted(needed)]
    for cube in list(found):
        for dimension, unknown in BY_HAND.get(cube.rollup, {}).items():
            parts = {
                p: c for p, c in cube.parts.items() if not re.fullmatch(unknown, p)
            }
            known = cube.known & frozenset(parts)
            reads, cut = (f"rollup_{cube.rollup}",), {dimension: dimension}
            found.append(Cube(cube.rollup, cut, parts, known, reads, dimension))
    return {cube.name: cube for cube in found}


def part_metric(cube: Cube, part: str) -> str:
    """The metric that gives a part of a cube: a KPI's name where it is one."""
    plain = f"cast({part} as double)"
    for kpi_id, found in cube.formulas.items():
        if found.value == plain:
            return f"{kpi_id}{cube.suffix}"
    return cube.measure(part)


def semantic_documents() -> dict[Path, str]:
    """What `models/semantic/` should say, and the page that lists what is left out."""
    documents = {PAGE: _page()}
    for cube in cubes().values():
        documents[SEMANTIC / f"cube_{cube.name}.sql"] = _sql(cube)
        documents[SEMANTIC / f"cube_{cube.name}.yml"] = _yaml(_described(cube))
    documents[SEMANTIC / "_dimensions.yml"] = _yaml(
        {
            "semantic_models": [
                _dimension_table(entity, table)
                for entity, table in DIMENSION_TABLES.items()
            ]
        }
    )
    return documents


def _cube(name: str, needed: set[str]) -> Cube:
    """Read a rollup: its dimensions, what it needs to be whole, and where it reads."""
    sql = (ROLLUPS / f"rollup_{name}.sql").read_text(encoding="utf-8")
    dimensions: dict[str, str] = {}
    for listed in re.findall(r"slices\('\w+', \{(.*?)\}\)", sql, re.DOTALL):
        dimensions |= dict(re.findall(r"'(\w+)': '(\w+)'", listed))
    # A slice written by hand holds other rows: an order is in each of its categories.
    for by_hand in re.findall(r"'(\w+)' as dimension", sql):
        dimensions.pop(by_hand, None)
    known = re.findall(r"known_sum\('(?:\w+\.)?(\w+)'\)", sql)
    columns = {part: c for part, c in _columns(name).items() if part in needed}
    reads = dict.fromkeys([f"rollup_{name}", *re.findall(r"ref\('(\w+)'\)", sql)])
    return Cube(
        name, dimensions, columns, frozenset(known) & frozenset(columns), tuple(reads)
    )


@cache
def _columns(rollup: str) -> dict[str, dict]:
    """The columns of a rollup behind its key, by name."""
    key = ("grain", "period_start", "dimension", "member")
    return {
        name: column
        for name, column in _models(ROLLUPS)[f"rollup_{rollup}"].items()
        if name not in key
    }


@cache
def _models(folder: Path) -> dict[str, dict[str, dict]]:
    """The columns of all models that a folder's YAML describes."""
    return {
        model["name"]: {column["name"]: column for column in model["columns"]}
        for path in sorted(folder.rglob("*.yml"))
        for model in read_yaml(path).get("models", [])
    }


def _sql(cube: Cube) -> str:
    """The cube's model."""
    lines = [f"-- Written by `warehouse docs` from rollup_{cube.rollup}; change that."]
    if cube.by_hand:
        lines += [
            "select",
            "    cast(period_start as date) as date_day,",
            f"    member as {cube.by_hand},",
            *(f"    {part}," for part in cube.parts),
        ]
        lines[-1] = lines[-1].removesuffix(",")
        lines += [
            f"from {{{{ ref('rollup_{cube.rollup}') }}}}",
            f"where grain = 'day' and dimension = '{cube.by_hand}'",
        ]
        return "\n".join(lines) + "\n"
    lines += [f"-- depends_on: {{{{ ref('{name}') }}}}" for name in cube.reads]
    lines += [
        "{{ cube(",
        f"    'rollup_{cube.rollup}',",
        f"    {list(cube.dimensions)},",
        "    [",
        *(f"        '{part}'," for part in cube.parts),
        "    ],",
        ") }}",
    ]
    return "\n".join(lines) + "\n"


def _described(cube: Cube) -> dict:
    """The cube's model, semantic model and metrics, as dbt's YAML has them."""
    members = [
        {
            "name": dimension,
            "data_type": "string",
            "description": f"Its {dimension.replace('_', ' ')}, or unknown; "
            "not_applicable where what is counted has none.",
        }
        for dimension in cube.dimensions
    ]
    parts = [
        {key: column[key] for key in ("name", "data_type", "description")}
        for column in cube.parts.values()
    ]
    rollup = f"rollup_{cube.rollup}"
    what = (
        f"One row per day and {cube.by_hand}: {rollup} by a dimension in whose members "
        "one thing may be several times; add up its days, not its members."
        if cube.by_hand
        else f"One row per day and combination of members: {rollup} cut by all its "
        "dimensions at once, for whoever adds up."
    )
    model = {
        "name": f"cube_{cube.name}",
        "description": what,
        "config": {"meta": {"without_key": f"Repeats {rollup}, whose key is tested."}},
        "columns": [
            {
                "name": "date_day",
                "data_type": "date",
                "description": "Shop-local day that it belongs to.",
            },
            *members,
            *parts,
        ],
    }
    return {
        "models": [model],
        "semantic_models": [_semantic_model(cube)],
        "metrics": [*_part_metrics(cube), *_kpi_metrics(cube)],
    }


def _semantic_model(cube: Cube) -> dict:
    """Entities, dimensions and measures over a cube."""
    shared = cube.shared
    entities = [{"name": dimension, "type": "foreign"} for dimension in shared]
    measures = []
    for part in cube.parts:
        measures.append({"name": cube.measure(part), "agg": "sum", "expr": part})
        if part in cube.known:
            measures.append(
                {
                    "name": f"{cube.measure(part)}_unknown",
                    "agg": "sum",
                    "expr": f"case when {part} is null then 1 else 0 end",
                }
            )
    return {
        "name": cube.name,
        "model": f"ref('cube_{cube.name}')",
        "primary_entity": cube.subject,
        "defaults": {"agg_time_dimension": "date_day"},
        "entities": entities,
        "dimensions": [
            {
                "name": "date_day",
                "type": "time",
                "type_params": {"time_granularity": "day"},
            },
            *(
                {"name": cube.asked_by(dimension), "type": "categorical"}
                | ({} if cube.asked_by(dimension) == dimension else {"expr": dimension})
                for dimension in cube.dimensions
                if dimension not in shared
            ),
        ],
        "measures": measures,
    }


def _part_metrics(cube: Cube) -> list[dict]:
    """A metric a part that is no KPI of its own.

    A part that one row does not know is unknown for all, as in the rollup (known_sum).
    """
    own = {
        part
        for part in cube.parts
        for found in cube.formulas.values()
        if found.value == f"cast({part} as double)"
    }
    metrics = []
    for part, column in cube.parts.items():
        name = cube.measure(part)
        simple = {"type": "simple", "type_params": {"measure": name}}
        words = {
            "label": f"{name.replace('_', ' ').capitalize()} (part)",
            "description": " ".join(column["description"].split()),
        }
        if part in cube.known:
            for end, of in (("_known", name), ("_unknown", f"{name}_unknown")):
                metrics.append(
                    {
                        "name": f"{name}{end}",
                        "label": f"{words['label']}{end.replace('_', ', ')}",
                        "description": "Sum over the rows that know it."
                        if end == "_known"
                        else "Rows that do not know it.",
                        "type": "simple",
                        "type_params": {"measure": of},
                    }
                )
            if part not in own:
                metrics.append({"name": name, **words, **_whole(name)})
        elif part not in own:
            metrics.append({"name": name, **words, **simple})
    return metrics


def _whole(name: str) -> dict:
    """The sum of a part, if every row knows it."""
    return {
        "type": "derived",
        "type_params": {
            "expr": f"case when {name}_unknown = 0 then {name}_known end",
            "metrics": [f"{name}_known", f"{name}_unknown"],
        },
    }


def _kpi_metrics(cube: Cube) -> list[dict]:
    """A metric a KPI: the expression of its view over the parts it names."""
    described = {kpi.kpi_id: kpi for kpi in kpis()}
    metrics = []
    for kpi_id, found in cube.formulas.items():
        kpi = described[kpi_id]
        words = {"label": kpi.meta["label"], "description": kpi.description}
        if cube.by_hand:
            words["label"] += f", by {cube.by_hand}"
            words["description"] = (
                f"{kpi_id} by {cube.by_hand}: never without it, as one thing may be in "
                f"several. {kpi.description}"
            )
        parts = parts_of(found.rollup, found.value)
        if found.value == f"cast({parts[0]} as double)":
            name = cube.measure(parts[0])
            asked = (
                _whole(name)
                if parts[0] in cube.known
                else {"type": "simple", "type_params": {"measure": name}}
            )
        else:
            inputs = [(part, part_metric(cube, part)) for part in parts]
            asked = {
                "type": "derived",
                "type_params": {
                    "expr": found.value,
                    "metrics": [
                        {"name": name} | ({"alias": part} if name != part else {})
                        for part, name in inputs
                    ],
                },
            }
        metrics.append(
            {
                "name": f"{kpi_id}{cube.suffix}",
                **words,
                **asked,
                "config": {
                    "meta": {key: kpi.meta[key] for key in ("theme", "unit", "better")}
                },
            }
        )
    return metrics


def _dimension_table(entity: str, table: str) -> dict:
    """Names and attributes of what cubes know by its key."""
    return {
        "name": table,
        "model": f"ref('{table}')",
        "entities": [{"name": entity, "type": "primary", "expr": f"{entity}_id"}],
        "dimensions": [
            {"name": name, "type": "categorical"}
            for name, column in _models(PROJECT / "models" / "facts")[table].items()
            if column["data_type"] in ("string", "boolean") and not name.endswith("_id")
        ],
    }


def _page() -> str:
    """docs/metrics.md with the KPIs that are no metric."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    lines = ["| KPI | why it is asked from its view |", "|---|---|"]
    lines += [f"| `{kpi_id}` | {why} |" for kpi_id, why in left_out().items()]
    table = "\n".join(lines)
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def _yaml(content: dict) -> str:
    """A file that dbt reads."""
    import yaml

    text = yaml.safe_dump(
        {"version": 2, **content}, sort_keys=False, width=88, allow_unicode=True
    )
    return f"# Written by `warehouse docs`; change the rollup or the KPI.\n{text}"
