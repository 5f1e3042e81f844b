"""`warehouse mutate`: break the models on purpose, and count which breaks a test sees.

Every mutation changes one place of one model. It is killed when a check that users
have fails because of it: a dbt unit test, a data test or a hand-made number on the tiny
shop, the ten orders. What no check notices survives: there a test is missing.

Nothing is written into models/: dbt is handed the changed text in memory, and the tiny
shop is built in a scratch folder. Unit tests give a model all its inputs, so mutations
of different models are tried in one dbt call and cannot see each other. What they leave
alive is built into the tiny shop, one mutation a transaction, with everything behind
it, and rolled back.
"""

import contextlib
import csv
import graphlib
import hashlib
import io
import json
import os
import shutil
import textwrap
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from warehouse.build import dbt_surroundings, run_dbt
from warehouse.errors import UserError
from warehouse.mutations import Mutation, defects, rank_of, sites
from warehouse.paths import PROJECT
from warehouse.terminal import progress

DEFECTS = PROJECT / "tests" / "mutations" / "defects.toml"
EQUIVALENT = PROJECT / "tests" / "mutations" / "equivalent.toml"
RESULTS = PROJECT / "docs" / "mutations.csv"
README = PROJECT / "README.md"
TINY_SHOP = PROJECT / "tests" / "fixtures" / "tiny_shop"
TEN_ORDERS = PROJECT / "docs" / "ten-orders"
BEGIN, END = "<!-- written by warehouse mutate -->", "<!-- end -->"

SEED = 7
FEWEST = 60  # mutations of a score that says something
PER_KPI = 1  # mutations of a KPI view, which has but one formula
PER_MODEL = 2  # mutations of a fact or a rollup
PER_OPERATOR = 3  # of every operator at least as many, where there are sites
PRESETS = ("strict", "default", "shopify", "woocommerce")  # of the ten orders' page
TESTS = ("test", "unit_test")
KINDS = ("unit test", "data test", "tiny shop", "ten orders", "build")
COLUMNS = (
    *("model", "layer", "mutation", "line", "before", "after"),
    *("result", "killed_by_kind", "killed_by", "reason"),
)


@dataclass
class Outcome:
    """What became of a mutation.

    Attributes:
        mutation: What was changed.
        layer: `facts`, `rollups`, `marts` or `intermediate`.
        kind: The kind of check that failed: `unit test`, `data test`, `tiny shop`,
            `ten orders`, `build`; empty if none did.
        check: The name of the first check that failed.
        reason: Why nothing can fail: the numbers are the same. Empty if killed.
        unreached: True if not even the model's own rows differ on the tiny shop.
    """

    mutation: Mutation
    layer: str
    kind: str = ""
    check: str = ""
    reason: str = ""
    unreached: bool = False

    @property
    def result(self) -> str:
        """`killed`, `equivalent` or `survived`."""
        if self.kind:
            return "killed"
        return "equivalent" if self.reason else "survived"

    def row(self) -> dict[str, str]:
        """The outcome as a row of docs/mutations.csv."""
        made = self.mutation
        values = (
            *(made.model, self.layer, made.operator, str(made.line)),
            *(made.before, made.after),
            *(self.result, self.kind, self.check, self.reason),
        )
        return dict(zip(COLUMNS, values, strict=True))


@dataclass(frozen=True)
class Check:
    """Something that can fail on a built shop.

    Attributes:
        kind: As in `Outcome`.
        name: What the check is called.
        reads: The models that it reads, by dbt's unique id.
        fails: Says on a connection whether something is wrong.
    """

    kind: str
    name: str
    reads: frozenset[str]
    fails: Callable[[duckdb.DuckDBPyConnection], bool]


@dataclass
class Bench:
    """A small shop in a folder, on which models are broken and put back.

    Attributes:
        folder: A scratch folder; dbt's target folder is inside it.
        variables: dbt variables that differ from the project's.
    """

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder = self.folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.surroundings():
            self.manifest = _invoke(None, "parse")
        self.originals = {
            name: node.raw_code
            for name, node in self.nodes("model").items()
            if node.language == "sql"
        }

    @contextlib.contextmanager
    def surroundings(self) -> Iterator[None]:
        """Everything that reads or writes data does it in the bench's folder."""
        before = dict(os.environ)
        os.environ["WAREHOUSE_DATA"] = str(self.folder)
        os.environ["DBT_TARGET_PATH"] = str(self.folder / "target")
        try:
            with dbt_surroundings("dev"):
                yield
        finally:
            os.environ.clear()
            os.environ.update(before)

    def nodes(self, kind: str) -> dict[str, object]:
        """The manifest's nodes of a resource type, by unique id."""
        return {
            name: node
            for name, node in self.manifest.nodes.items()
            if str(node.resource_type) == kind
        }

    def model(self, name: str) -> str:
        """The unique id of a model.

        Raises:
            UserError: If there is no such SQL model.
        """
        for unique_id in self.originals:
            if unique_id.rpartition(".")[2] == name:
                return unique_id
        raise UserError(
            f"There is no SQL model {name!r} to mutate.",
            "Write its name as in models/, without .sql.",
        )

    def make(self, exports: Path, *ignored: str, selection: tuple[str, ...] = ()):
        """Load flat files and build them, unless the same already stands there.

        Raises:
            UserError: If a model cannot be built.
        """
        from warehouse.load import load

        made = self._fingerprint(exports)
        memory = self.folder / "made.txt"
        if memory.exists() and memory.read_text() == made:
            return
        memory.unlink(missing_ok=True)
        for name in ("landing", "lake"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        (self.folder / "warehouse.duckdb").unlink(missing_ok=True)
        landing = self.folder / "landing" / "flat"
        shutil.copytree(exports, landing, ignore=shutil.ignore_patterns(*ignored))
        with self.surroundings():
            load(None, "dev", Console(file=io.StringIO()))
        results = self.dbt("build", "--exclude-resource-type", *TESTS, *selection)
        if failed := [r.node.name for r in results if str(r.status) == "error"]:
            raise UserError(
                f"{len(failed)} models fail before anything is broken: "
                f"{', '.join(failed[:5])}.",
                "Mend them first; `warehouse build --target dev` says more.",
            )
        memory.write_text(made)

    def _fingerprint(self, exports: Path) -> str:
        """Changes with everything that the built shop is made of."""
        found = hashlib.sha256(json.dumps(self.variables).encode())
        for kind in ("model", "seed"):
            for name, node in sorted(self.nodes(kind).items()):
                found.update(f"{name}{node.checksum.checksum}".encode())
        for name, macro in sorted(self.manifest.macros.items()):
            found.update(f"{name}{macro.macro_sql}".encode())
        for path in sorted(path for path in exports.iterdir() if path.is_file()):
            found.update(path.name.encode() + path.read_bytes())
        return found.hexdigest()

    def dbt(self, command: str, *arguments: str) -> list:
        """Run dbt on the manifest in memory, and return its results."""
        variables = [f"--vars={json.dumps(self.variables)}"]
        with self.surroundings():
            done = _invoke(
                self.manifest,
                *(command, "--target=dev", "--cache-selected-only"),
                *(variables if self.variables else ()),
                *("--no-write-json", *arguments),
            )
        return list(done.results)

    def layer(self, name: str) -> str:
        """The folder of models/ that a model lies in."""
        return Path(self.manifest.nodes[self.model(name)].path).parts[0]

    @contextlib.contextmanager
    def changed(self, mutations: Iterable[Mutation]) -> Iterator[list[str]]:
        """Put mutations into the manifest, at most one a model; then take them out.

        Yields:
            The names of the changed models.
        """
        changed = {self.model(made.model): made for made in mutations}
        for unique_id, made in changed.items():
            self.manifest.nodes[unique_id].raw_code = made.sql
        try:
            yield [made.model for made in changed.values()]
        finally:
            for unique_id in changed:
                node = self.manifest.nodes[unique_id]
                node.raw_code = self.originals[unique_id]

    def compile(
        self, mutations: Iterable[Mutation] = (), selection: tuple[str, ...] = ()
    ) -> dict[str, str]:
        """The SQL that dbt would run, by unique id: of mutations, or a selection."""
        with self.changed(mutations) as names:
            chosen = ("--select", *names) if names else selection
            return {
                result.node.unique_id: result.node.compiled_code
                for result in self.dbt("compile", "--full-refresh", *chosen)
                if str(result.status) == "success" and result.node.compiled_code
            }

    @contextlib.contextmanager
    def database(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The built shop."""
        path = str(self.folder / "warehouse.duckdb")
        with duckdb.connect(path) as connection:
            connection.execute("set TimeZone = 'UTC'")
            yield connection

    def unit_tests(self, models: Iterable[str]) -> dict[str, str]:
        """The first unit test that fails of each model, by model name."""
        tested = {test.model for test in self.manifest.unit_tests.values()}
        chosen = [f"{name},test_type:unit" for name in models if name in tested]
        results = self.dbt("test", "--select", *chosen) if chosen else []
        failed = {}
        for result in sorted(results, key=lambda result: result.node.name):
            if str(result.status) in ("fail", "error"):
                test = self.manifest.unit_tests[result.node.unique_id]
                failed.setdefault(test.model, result.node.name)
        return failed


class Trials:
    """Builds mutations into a built shop, one at a time, and takes them back.

    Args:
        bench: The shop.
        checks: What can fail, besides the data tests of severity error.
        selection: dbt arguments: the models that were built; all if left out.
    """

    def __init__(
        self,
        bench: Bench,
        checks: Iterable[Check] = (),
        selection: tuple[str, ...] = (),
    ):
        self.bench = bench
        self.compiled = bench.compile(selection=selection)
        models = {
            name: node
            for name, node in bench.nodes("model").items()
            if name in self.compiled
        }
        parents = {
            name: [p for p in node.depends_on.nodes if p in models]
            for name, node in models.items()
        }
        self.order = list(graphlib.TopologicalSorter(parents).static_order())
        self.parents = parents
        self.checks = [*self._data_tests(), *checks]

    def _data_tests(self) -> Iterator[Check]:
        """The project's data tests that stop a publication."""
        for unique_id, node in self.bench.nodes("test").items():
            config = node.config
            if str(config.severity).lower() != "error":
                continue
            if sql := self.compiled.get(unique_id):
                query = (
                    f"select {config.fail_calc} {config.error_if} from ({sql}) as found"
                )

                def fails(connection, query=query) -> bool:
                    (failed,) = connection.execute(query).fetchone()
                    return bool(failed)

                reads = frozenset(node.depends_on.nodes)
                yield Check("data test", node.name, reads, fails)

    def confirm(self, models: Iterable[str]) -> None:
        """See that checks pass before anything is broken.

        Args:
            models: Whose unit tests to run; the other checks are all run.

        Raises:
            UserError: If one fails: what fails anyway tells nothing about a mutation.
        """
        with self.bench.database() as connection:
            failed = [c.name for c in self.checks if c.fails(connection)]
        failed += self.bench.unit_tests(models).values()
        if failed:
            raise UserError(
                f"{len(failed)} checks fail before anything is broken: "
                f"{', '.join(failed[:5])}.",
                "Mend them first; `warehouse build --target dev` says more.",
            )

    def affected(self, unique_id: str) -> list[str]:
        """A model and what is built from it, in the order of building."""
        found = {unique_id}
        for name in self.order:
            if found.intersection(self.parents[name]):
                found.add(name)
        return [name for name in self.order if name in found]

    def is_valid(self, connection, unique_id: str, sql: str | None) -> bool:
        """True if a changed model still gives its columns: dbt would build it."""
        original = self.compiled[unique_id]
        if sql is None or sql.split() == original.split():
            return False
        try:
            found, expected = (
                [row[:2] for row in connection.execute(f"describe {query}").fetchall()]
                for query in (sql, original)
            )
        except duckdb.Error:
            return False
        return found == expected

    def run(self, connection, unique_id: str, sql: str) -> tuple[str, str] | None:
        """Build a changed model and what is behind it until a check fails.

        Returns:
            Kind and name of the check; empty texts if none fails; None if the model has
            the same rows as before, and so has everything behind it.
        """
        connection.begin()
        try:
            return self._run(connection, unique_id, sql)
        except duckdb.CatalogException:  # of what was built, not of the mutation
            return "", ""
        except duckdb.Error as error:
            return "build", str(error).splitlines()[0][:80]
        finally:
            connection.rollback()

    def _run(self, connection, unique_id: str, sql: str) -> tuple[str, str] | None:
        nodes = self.bench.manifest.nodes
        relation = nodes[unique_id].relation_name
        connection.execute(f"create temp table mutant as {sql}")
        (same,) = connection.execute(
            f"""select not exists (from mutant except all from {relation})
                and not exists (from {relation} except all from mutant)"""
        ).fetchone()
        if same:
            return None
        affected = self.affected(unique_id)
        waiting = [c for c in self.checks if c.reads.intersection(affected)]
        pending = set(affected)
        for name in affected:
            node = nodes[name]
            kind = "view" if node.config.materialized == "view" else "table"
            # A view behind the change reads the changed table; what Python fits stays.
            if name == unique_id or (kind == "table" and node.language == "sql"):
                text = sql if name == unique_id else self.compiled[name]
                connection.execute(
                    f"create or replace {kind} {node.relation_name} as {text}"
                )
            pending.discard(name)
            ready = [check for check in waiting if not check.reads & pending]
            waiting = [check for check in waiting if check.reads & pending]
            for check in ready:
                if check.fails(connection):
                    return check.kind, check.name
        return "", ""


def mutate(
    console: Console,
    models: list[str] | None = None,
    sample: int | None = None,
    seed: int = SEED,
    again: bool = False,
    check: bool = False,
) -> dict:
    """Break the models, and write which checks notice into docs/mutations.csv.

    Args:
        console: Where to draw.
        models: Try every site of these models and write nothing.
        sample: Try one site of as many models, and write nothing.
        seed: Another number, other sites; nothing is written.
        again: Try only what survived the last time, and write the new score.
        check: Try nothing: only see whether what was written fits the project.

    Returns:
        How many were made and killed, and the outcomes as rows of docs/mutations.csv.

    Raises:
        UserError: If a mutation survives without a written reason; with `check`, if
            the written result is stale.
    """
    if check:
        check_results()
        console.print("the mutation score is up to date", highlight=False)
        return _result(results())
    started = time.monotonic()
    target = PROJECT / os.environ.get("DBT_TARGET_PATH", "target")
    with progress(console) as bar:
        task = bar.add_task("building the tiny shop", total=None)
        bench = Bench(target / "mutate")
        bench.make(TINY_SHOP, "expected.csv")
        bar.update(task, description="choosing what to break")
        trials = tiny_shop_trials(bench)
        if again:
            chosen = survivors_of_last_time(trials)
        else:
            chosen = choose(trials, models, sample, seed)
        trials.confirm({mutation.model for mutation in chosen})
        bar.update(task, total=len(chosen))

        def follow(stage: str, done: int) -> None:
            bar.update(task, description=stage, completed=done)

        outcomes = try_all(trials, chosen, follow)
    _report(console, outcomes, time.monotonic() - started)
    if not models and sample is None and seed == SEED:
        rows = [outcome.row() for outcome in outcomes]
        if again:
            rows += [row for row in results() if row["result"] == "killed"]
        _write(rows)
        console.print(
            f"written {RESULTS.relative_to(PROJECT)} and README.md", highlight=False
        )
    result = _result([outcome.row() for outcome in outcomes])
    if survivors := [o for o in outcomes if o.result == "survived"]:
        raise UserError(
            f"{len(survivors)} mutations survive: nothing would notice these mistakes.",
            "Write a test that fails with the change, then `warehouse mutate --again`; "
            f"if no number can differ, say why in {EQUIVALENT.relative_to(PROJECT)}.",
            result,
        )
    return result


def _result(rows: list[dict[str, str]]) -> dict:
    """What machines get of rows of docs/mutations.csv."""
    found = Counter(row["result"] for row in rows)
    return {"made": len(rows), "killed": found["killed"], "outcomes": rows}


def try_all(
    trials: Trials,
    chosen: dict[Mutation, str],
    follow: Callable[[str, int], None] = lambda stage, done: None,
) -> list[Outcome]:
    """Find for each mutation the first check that fails, the cheapest checks first.

    Args:
        trials: The tiny shop.
        chosen: The mutations, with the SQL that dbt makes of each.
        follow: Is told the stage, and how many mutations are done with.
    """
    bench = trials.bench
    reasons = {_key(row): row["reason"] for row in _equivalent()}
    outcomes = [Outcome(made, bench.layer(made.model)) for made in chosen]

    def alive() -> list[Outcome]:
        return [outcome for outcome in outcomes if not outcome.kind]

    for group in _rounds(outcomes, lambda outcome: outcome.mutation.model):
        follow("unit tests", len(outcomes) - len(alive()))
        with bench.changed(outcome.mutation for outcome in group) as names:
            failed = bench.unit_tests(names)
        for outcome in group:
            if name := failed.get(outcome.mutation.model):
                outcome.kind, outcome.check = "unit test", name
    with bench.database() as connection:
        done = len(outcomes) - len(alive())
        for number, outcome in enumerate(alive(), start=done):
            follow("the tiny shop", number)
            unique_id = bench.model(outcome.mutation.model)
            found = trials.run(connection, unique_id, chosen[outcome.mutation])
            outcome.unreached = found is None
            outcome.kind, outcome.check = found or ("", "")
    for outcome in alive():
        outcome.reason = reasons.get(_key(outcome.row()), "")
    follow("the ten orders", len(outcomes))
    _ten_orders(bench, [outcome for outcome in alive() if not outcome.reason])
    return outcomes


def choose(
    trials: Trials,
    models: list[str] | None = None,
    sample: int | None = None,
    seed: int = SEED,
) -> dict[Mutation, str]:
    """The mutations to try, with the SQL that dbt makes of each.

    Facts, rollups and KPI views get the same number each, by a rank that depends on the
    seed and on their own lines only: a change of one model moves the choice in that
    model alone. Every operator is tried at least `PER_OPERATOR` times, and the named
    defects always. A change that dbt would refuse to build is no mutation.
    """
    bench = trials.bench
    names = models or [
        node.name
        for unique_id, node in sorted(bench.nodes("model").items())
        if unique_id in bench.originals and _is_mutated(node)
    ]
    if sample is not None:
        names = sorted(names, key=lambda name: rank_of(seed, name))[:sample]
    queues = {
        name: sites(name, bench.originals[bench.model(name)], seed) for name in names
    }
    wanted = {
        name: len(queue)
        if models
        else (PER_KPI if name.startswith("kpi_") else PER_MODEL)
        for name, queue in queues.items()
    }
    if sample is not None:
        wanted = dict.fromkeys(names, 1)
    chosen = _first_valid(trials, {name: list(q) for name, q in queues.items()}, wanted)
    if sample is None and not models:
        by_operator: dict[str, list[Mutation]] = {}
        for queue in queues.values():
            for one in queue:
                if one not in chosen:
                    by_operator.setdefault(one.operator, []).append(one)
        have = Counter(one.operator for one in chosen)
        chosen |= _first_valid(
            trials,
            {o: sorted(q, key=lambda one: one.rank) for o, q in by_operator.items()},
            {o: PER_OPERATOR - have[o] for o in by_operator},
        )
    if sample is None:
        chosen |= named_defects(trials, models)
    return chosen


def named_defects(
    trials: Trials, models: list[str] | None = None
) -> dict[Mutation, str]:
    """The named defects of all models, or of some, with the SQL of each.

    Raises:
        UserError: If one does not fit its model any more.
    """
    bench = trials.bench
    named = [
        defect.mutation(bench.originals[bench.model(defect.model)])
        for defect in defects(DEFECTS)
        if not models or defect.model in models
    ]
    built = _compiled(trials, named)
    if broken := [one.operator for one in named if one not in built]:
        raise UserError(
            f"These named defects can no longer be built: {', '.join(broken)}.",
            f"Bring {DEFECTS.relative_to(PROJECT)} up to the models' new text.",
        )
    return built


def survivors_of_last_time(trials: Trials) -> dict[Mutation, str]:
    """What docs/mutations.csv has as not killed, where its lines are still there."""
    bench = trials.bench
    keys = {_key(row) for row in results() if row["result"] != "killed"}
    found = []
    for name in sorted({key[0] for key in keys}):
        raw = bench.originals[bench.model(name)]
        named = [d.mutation(raw) for d in defects(DEFECTS) if d.model == name]
        wanted = set(keys)
        for one in [*sites(name, raw, SEED), *named]:
            if (key := (name, one.operator, one.before, one.after)) in wanted:
                found.append(one)
                wanted.discard(key)
    return _compiled(trials, found)


def _is_mutated(node) -> bool:
    """True for facts, rollups and KPI views."""
    layer = Path(node.path).parts[0]
    is_kpi = layer == "marts" and "formula" in node.config.meta
    return layer in ("facts", "rollups") or is_kpi


def _first_valid(
    trials: Trials, lanes: dict[str, list[Mutation]], wanted: dict[str, int]
) -> dict[Mutation, str]:
    """The first valid mutations of each lane, as many as are wanted, with their SQL."""
    found: dict[Mutation, str] = {}
    have: Counter[str] = Counter()
    while True:
        batch = {}
        for lane, queue in lanes.items():
            for _ in range(min(max(0, wanted[lane] - have[lane]), len(queue))):
                batch[queue.pop(0)] = lane
        if not batch:
            return found
        for one, sql in _compiled(trials, batch).items():
            found[one] = sql
            have[batch[one]] += 1


def _compiled(trials: Trials, mutations: Iterable[Mutation]) -> dict[Mutation, str]:
    """The SQL of the mutations that dbt could build."""
    bench, found = trials.bench, {}
    for group in _rounds(mutations, lambda one: one.model):
        compiled = bench.compile(group)
        with bench.database() as connection:
            for one in group:
                unique_id = bench.model(one.model)
                sql = compiled.get(unique_id)
                if trials.is_valid(connection, unique_id, sql):
                    found[one] = sql
    return found


def _rounds(items: Iterable, model: Callable) -> list[list]:
    """Items in groups that hold each model at most once."""
    rounds: list[list] = []
    turns: Counter[str] = Counter()
    for item in items:
        turn = turns[model(item)]
        turns[model(item)] += 1
        if turn == len(rounds):
            rounds.append([])
        rounds[turn].append(item)
    return rounds


def tiny_shop_trials(bench: Bench) -> Trials:
    """The data tests and the numbers by hand, on a bench with the tiny shop."""
    return Trials(bench, [_numbers_by_hand(bench)])


def _numbers_by_hand(bench: Bench) -> Check:
    """The numbers of the tiny shop that were made by hand."""
    path = TINY_SHOP / "expected.csv"
    query = f"""
        select expected.kpi_id || ' ' || expected.period_start || ' ' || expected.member
        from (
            select kpi_id, period_start, dimension, member,
                cast(nullif(numerator, '') as double) as numerator,
                cast(nullif(denominator, '') as double) as denominator
            from read_csv('{path}', all_varchar = true, nullstr = '')
        ) as expected
        left join main.kpi_values as found
            on found.grain = 'month'
            and found.kpi_id = expected.kpi_id
            and found.period_start = cast(expected.period_start as timestamp)
            and found.dimension = expected.dimension
            and found.member = expected.member
        where found.kpi_id is null
            or not (found.numerator is not distinct from expected.numerator or coalesce(
                abs(found.numerator - expected.numerator)
                <= 1e-6 * greatest(1, abs(expected.numerator)), false))
            or not (found.denominator is not distinct from expected.denominator
                or coalesce(abs(found.denominator - expected.denominator)
                <= 1e-6 * greatest(1, abs(expected.denominator)), false))
        order by 1
        limit 1
    """

    def fails(connection) -> bool:
        return bool(connection.execute(query).fetchall())

    reads = frozenset({bench.model("kpi_values")})
    return Check("tiny shop", "test_kpi_by_hand", reads, fails)


def _ten_orders(bench: Bench, outcomes: list[Outcome]) -> None:
    """Try mutations on the ten orders, under each of the presets of their page."""
    models = bench.nodes("model")
    parents = {name: node.depends_on.nodes for name, node in models.items()}
    scope, waiting = set(), [bench.model("rollup_orders")]
    while waiting:
        scope.add(name := waiting.pop())
        waiting += [parent for parent in parents[name] if parent in parents]
    left = [o for o in outcomes if bench.model(o.mutation.model) in scope]
    if not left:
        return
    ten = Bench(bench.folder / "ten-orders")
    for preset in PRESETS:
        ten.variables = {"order_policy": preset, "as_of": "2026-10-05"}
        ten.make(TEN_ORDERS, "*.in", selection=("--select", "+rollup_orders"))
        with ten.database() as connection:
            check = _ten_orders_check(ten, connection, preset)
        trials = Trials(ten, [check], ("--select", "+rollup_orders"))
        compiled = _compiled(trials, [o.mutation for o in left if not o.kind])
        with ten.database() as connection:
            for outcome in left:
                if sql := compiled.get(outcome.mutation):
                    unique_id = ten.model(outcome.mutation.model)
                    found = trials.run(connection, unique_id, sql)
                    outcome.unreached = outcome.unreached and found is None
                    outcome.kind, outcome.check = found or ("", "")


def _ten_orders_check(bench: Bench, connection, preset: str) -> Check:
    """The figures of docs/ten-orders.md, which a test compares with the build."""
    queries = (
        """select orders, gross_sales, discounts, sales, returns, net_sales,
            net_sales_order_date
        from main.rollup_orders
        where grain = 'month' and period_start = timestamp '2026-09-01'
            and dimension = 'all'""",
        """select order_number, is_placed, exclusion_reason
        from main.fct_orders order by order_number""",
    )
    expected = [connection.execute(query).fetchall() for query in queries]

    def fails(connection) -> bool:
        return expected != [connection.execute(query).fetchall() for query in queries]

    reads = frozenset({bench.model("rollup_orders"), bench.model("fct_orders")})
    return Check("ten orders", preset, reads, fails)


# ---------------------------------------------------------------------- what is written


def score() -> tuple[int, int, int]:
    """Mutations made, killed, and equivalent, by docs/mutations.csv."""
    rows = results()
    found = Counter(row["result"] for row in rows)
    return len(rows), found["killed"], found["equivalent"]


def results() -> list[dict[str, str]]:
    """The rows of docs/mutations.csv; none before the first run."""
    if not RESULTS.exists():
        return []
    with RESULTS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def readme() -> str:
    """README.md with the score that docs/mutations.csv has.

    Raises:
        UserError: If README.md has lost the marks between which the score stands.
    """
    text = README.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise UserError(
            "README.md has no place for the mutation score.",
            f"Put the lines {BEGIN} and {END} where it belongs.",
        )
    return f"{before}{BEGIN}\n{_sentence()}\n{END}{after}"


def _sentence() -> str:
    made, killed, equivalent = score()
    lines = [
        f"**Mutation score: {killed} of {made} ({killed / max(made, 1):.1%}).**",
        f"`warehouse mutate` breaks facts, rollups and KPIs in {made} places, one at a",
        "time, among them the mistakes others ship, and counts which a test notices:",
        "[docs/mutations.csv](docs/mutations.csv).",
    ]
    if equivalent:
        lines.append(f"{equivalent} change no number, each for a written reason.")
    if other := made - killed - equivalent:
        lines.append(f"{other} go unnoticed.")
    return textwrap.fill(" ".join(lines), 87)


def check_results() -> None:
    """See whether the written result fits the project of today.

    Raises:
        UserError: If it names models that are gone, lacks a named defect, is too short,
            has an unexplained survivor, or README.md says another score.
    """
    rows = results()
    there = {path.stem for path in (PROJECT / "models").rglob("*.sql")}
    problems = [
        f"{model} is no model any more" for model in {r["model"] for r in rows} - there
    ]
    named = {defect.name for defect in defects(DEFECTS)}
    tried = {row["mutation"] for row in rows}
    problems += [f"the defect {name!r} was not tried" for name in named - tried]
    if len(rows) < FEWEST:
        problems.append(f"{len(rows)} mutations are fewer than {FEWEST}")
    if survivors := [row for row in rows if row["result"] == "survived"]:
        problems.append(f"{len(survivors)} mutations survive")
    if readme() != README.read_text(encoding="utf-8"):
        problems.append("README.md says another score")
    if problems:
        raise UserError(
            f"The mutation score is stale: {'; '.join(sorted(problems))}.",
            "Run `warehouse mutate` and commit what it writes.",
        )


def _write(rows: list[dict[str, str]]) -> None:
    """Write docs/mutations.csv, and the score into README.md."""
    rows.sort(
        key=lambda row: (row["layer"], row["model"], row["mutation"], row["line"])
    )
    with RESULTS.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    README.write_text(readme(), encoding="utf-8")


def _equivalent() -> list[dict[str, str]]:
    """The mutations that change no number, with the reason."""
    if not EQUIVALENT.exists():
        return []
    return tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))["equivalent"]


def _key(row: dict[str, str]) -> tuple[str, ...]:
    """What a written reason is found by: not the line, which moves."""
    name = "operator" if "operator" in row else "mutation"
    return row["model"], row[name], row["before"], row["after"]


def _report(console: Console, outcomes: list[Outcome], seconds: float) -> None:
    """The score by layer and kind of check, and the survivors with their change."""
    table = Table(box=None, pad_edge=False)
    table.add_column("layer", no_wrap=True, min_width=len("intermediate"))
    for name in ("made", "killed", *KINDS, "equal", "alive"):
        table.add_column(name, justify="right")
    for layer in sorted({outcome.layer for outcome in outcomes}):
        of_layer = [outcome for outcome in outcomes if outcome.layer == layer]
        results = Counter(outcome.result for outcome in of_layer)
        kinds = Counter(outcome.kind for outcome in of_layer)
        numbers = [
            *(len(of_layer), results["killed"]),
            *(kinds[kind] for kind in KINDS),
            *(results["equivalent"], results["survived"]),
        ]
        table.add_row(layer, *(str(number or "–") for number in numbers))
    console.print(table)
    for outcome in outcomes:
        if outcome.result != "survived":
            continue
        made = outcome.mutation
        where = "; no row differs on the tiny shop" if outcome.unreached else ""
        console.print(
            f"\n[bold yellow]survived[/] {made.model}:{made.line} "
            f"[bold]{escape(made.operator)}[/]{where}",
            soft_wrap=True,
            highlight=False,
        )
        for sign, text in (("-", made.before), ("+", made.after)):
            console.print(f"  {sign} {escape(text)}", soft_wrap=True, highlight=False)
    killed = sum(outcome.result == "killed" for outcome in outcomes)
    share = f"{killed / len(outcomes):.1%}" if outcomes else "–"
    console.print(
        f"\n[bold]mutation score[/]: {killed} of {len(outcomes)} killed ({share}) "
        f"in {seconds:.0f} s",
        highlight=False,
    )


def _invoke(manifest, *arguments: str):
    """Run dbt in this process and hand back what it made.

    Raises:
        UserError: If dbt could not start.
    """
    done = run_dbt(*arguments, manifest=manifest)
    if done.result is None:
        raise UserError(
            f"dbt could not {arguments[0]} the project.\n{done.exception}",
            "`dbt parse` says where; mend it, then try again.",
        )
    return done.result
