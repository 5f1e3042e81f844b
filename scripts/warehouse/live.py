"""Between two builds: only what a file touches of a few KPIs, published in seconds.

dbt compiles the project once. From then on a refresh is that SQL, in a database in
memory that lies over the last build: tables that the file does not touch are views of
the build, the others are made anew, and where one comes out as it was, nothing after it
is made at all. The build itself is not written to.
"""

import contextlib
import datetime as dt
import graphlib
import json
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import duckdb

from warehouse.ask import MANIFEST
from warehouse.assertions import ASSERTIONS, Look, read_rules
from warehouse.build import dbt_surroundings, run_dbt
from warehouse.contract import read_contracts
from warehouse.errors import UserError
from warehouse.files import copy_file, link_file
from warehouse.inputs import inputs, moved_tables
from warehouse.ledger import Lake
from warehouse.machine import limit_memory
from warehouse.paths import data_dir, target_name, warehouse_file
from warehouse.people import last_forgetting, salt
from warehouse.publications import hashes, manifest_of
from warehouse.publish import (
    copy_table,
    is_public,
    ledger,
    new_publication,
    publications,
    require_no_person,
    sources,
)
from warehouse.restatements import newest_day

# Whose KPIs are refreshed where nobody names others: sales, orders, AOV and the like.
ROLLUP = "rollup_orders"
# Checks that can stop a publication, and the facts that they speak of. The others
# compare with the past or speak of files: they wait for the next whole build.
CHECKS = {
    "lost_rows": (),
    "lost_orders": ("fct_orders",),
    "order_totals": ("fct_orders",),
    "ad_totals": ("fct_ad_days", "int_ad_day_rows"),
}
SHOWN_ROWS = 3
# Most tables are small enough for one thread: two are made at a time.
AT_ONCE = 2


@dataclass
class Base:
    """A build that a refresh starts from.

    Attributes:
        file: The build: the private warehouse file, or a copy of it.
        made_of: What it is made of, as `inputs` says it.
        publication: Where readers got it.
    """

    file: Path
    made_of: dict
    publication: Path


@dataclass
class Refreshed:
    """What a refresh did.

    Attributes:
        build_id: The publication.
        tables: Tables that are new in it.
        made: How many models were made anew, also those that came out as they were.
        tests: How many data tests passed.
        kpis: KPIs with other values than before.
        values: How many of their values are new.
        behind: Published relations that wait for the next whole build.
        seconds: Of each part: models, tests, publish.
    """

    build_id: str = ""
    tables: list[str] = field(default_factory=list)
    made: int = 0
    tests: int = 0
    kpis: list[str] = field(default_factory=list)
    values: int = 0
    behind: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass
class _Node:
    """A model, seed, source or data test of the project."""

    key: str
    name: str
    kind: str
    parents: set[str]
    sql: str | None = None
    is_view: bool = False
    fails: str = "count(*)"
    error_if: str = "!= 0"
    is_error: bool = True


class Live:
    """The KPIs that are kept fresh, with the compiled SQL of all they are made of.

    Args:
        target: A dbt target; the one in force when left out.
        kpis: Ids of KPIs; those that read nothing but orders when left out.

    Raises:
        UserError: A KPI does not exist, hangs on a Python model, or dbt cannot read the
            project.
    """

    def __init__(self, target: str | None = None, kpis: list[str] | None = None):
        self.target = target or target_name()
        self.data = data_dir(self.target)
        self.project = inputs(self.target)["project"]
        # What tells a build's table from others, by publication and name.
        self.prints: dict[tuple[Path, str], tuple] = {}
        with dbt_surroundings(self.target):
            manifest = _asked_of_dbt("parse")
            self.nodes = {n.key: n for n in _nodes(manifest)}
            self.by_name = {
                n.name: n.key
                for n in self.nodes.values()
                if n.kind in ("model", "seed")
            }
            self.kpis = self._chosen(kpis)
            ancestors = self._ancestors(self.by_name[f"kpi_{k}"] for k in self.kpis)
            models = {k for k in ancestors if self.nodes[k].kind == "model"}
            self.order = [
                key
                for key in graphlib.TopologicalSorter(
                    {key: self.nodes[key].parents & ancestors for key in ancestors}
                ).static_order()
                if self.nodes[key].kind in ("model", "seed")
            ]
            self.weight = self._weights()
            self.tests = [
                n
                for n in self.nodes.values()
                if n.kind == "test" and n.parents & models
            ]
            names = [self.nodes[key].name for key in sorted(models)]
            names += [test.name for test in self.tests]
            for key, sql in _compiled(manifest, names).items():
                self.nodes[key].sql = sql
        for key in models:
            if self.nodes[key].sql is None:
                raise UserError(
                    f"{self.nodes[key].name} is no SQL, so no KPI that hangs on it can "
                    "be refreshed alone.",
                    "Name other KPIs; this one comes with the next whole build.",
                )

    def _chosen(self, kpis: list[str] | None) -> list[str]:
        known = {
            name.removeprefix("kpi_"): self.nodes[key]
            for name, key in self.by_name.items()
            if name.startswith("kpi_") and self.nodes[key].is_view
        }
        if kpis is None:
            alone = {self.by_name[ROLLUP]}
            return sorted(k for k, node in known.items() if node.parents == alone)
        if unknown := [kpi for kpi in kpis if kpi not in known]:
            raise UserError(
                f"There is no KPI {', '.join(unknown)}.", "KPIS.md lists all of them."
            )
        return sorted(set(kpis))

    def _ancestors(self, keys) -> set[str]:
        found, todo = set(), list(keys)
        while todo:
            key = todo.pop()
            if key not in found:
                found.add(key)
                todo += self.nodes[key].parents
        return found

    def _weights(self) -> dict[str, int]:
        """How many models hang on each that is to be made."""
        hanging: dict[str, set[str]] = {key: set() for key in self.order}
        for key in reversed(self.order):
            for parent in self.nodes[key].parents & hanging.keys():
                hanging[parent] |= {key, *hanging[key]}
        return {key: len(found) for key, found in hanging.items()}

    # ---------------------------------------------------------------------- a refresh
    def base_of(self, file: Path, made_of: dict | None) -> Base | None:
        """A build as a base, if it is of this project and readers have got it.

        Args:
            file: The build.
            made_of: What it is made of.

        Returns:
            The base; None if a whole build must come first.
        """
        if not (made_of and file.exists() and made_of["project"] == self.project):
            return None
        folder = self.data / "published"
        if not folder.exists():
            return None
        forgotten = last_forgetting(self.data)
        for publication in reversed(publications(folder)):
            manifest = manifest_of(publication)
            if manifest.get("made_of") == made_of and not manifest.get("live"):
                is_good = publication.name > forgotten
                return Base(file, made_of, publication) if is_good else None
        return None

    def refresh(self, base: Base) -> Refreshed | None:
        """Bring the KPIs up to what the lake holds now, and publish them.

        Every data test is asked whose tables are all up to date, and every check that
        can stop a publication and speaks of them; one error, and readers keep what
        they had.

        Args:
            base: The build that everything else is taken from.

        Returns:
            What was done; None if no KPI hangs on what has changed.

        Raises:
            UserError: A model cannot be made, or a test or check found an error.
        """
        touched = {
            f"source.{name}" for name in moved_tables(base.made_of, inputs(self.target))
        }
        done = Refreshed()
        with self._overlay(base) as connection:
            started = perf_counter()
            changed = self._make(connection, base, touched, done)
            done.seconds["models"] = perf_counter() - started
            behind = self._behind(changed | touched, set(self.order))
            done.tables = sorted(
                self.nodes[key].name
                for key in changed
                if is_public(self.nodes[key].name) and not self.nodes[key].is_view
            )
            done.behind = sorted(
                self.nodes[key].name
                for key in behind
                if self.nodes[key].kind == "model" and is_public(self.nodes[key].name)
            )
            if not done.tables:
                return None
            started = perf_counter()
            self._publish(connection, base, changed, behind, done)
            done.seconds["publish"] = perf_counter() - started
        return done

    @contextlib.contextmanager
    def _overlay(self, base: Base) -> Iterator[duckdb.DuckDBPyConnection]:
        """An empty catalogue in memory under the build's own name, as the SQL says it;
        the build itself is `base`."""
        settings = {
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "preserve_insertion_order": "false",
        }
        # The SQL names the lake as seen from the project's folder.
        surroundings = dbt_surroundings(self.target)
        with surroundings, duckdb.connect(config=settings) as connection:
            limit_memory(connection, self.data / ".watch" / "spill")
            connection.execute("set TimeZone = 'UTC'")
            connection.execute(f"attach '{base.file}' as base (read_only)")
            name = warehouse_file(self.target).stem
            connection.execute(f"attach ':memory:' as {name}")
            with self._cursor(connection) as cursor:
                yield cursor

    @contextlib.contextmanager
    def _cursor(self, connection) -> Iterator[duckdb.DuckDBPyConnection]:
        """A way into the same database for another thread."""
        with connection.cursor() as cursor:
            cursor.execute(f"use {warehouse_file(self.target).stem}")
            yield cursor

    def _make(self, connection, base: Base, touched: set[str], done) -> set[str]:
        """Make what is touched, each as soon as what it reads is there; the keys of
        what is not as it was."""
        changed: set[str] = set()
        parents = {key: self.nodes[key].parents for key in self.order}
        sorter = graphlib.TopologicalSorter(
            {key: found & parents.keys() for key, found in parents.items()}
        )
        sorter.prepare()
        waiting: list[str] = []
        running = {}
        with ThreadPoolExecutor(AT_ONCE) as pool:
            while sorter.is_active():
                # What most hangs on goes first.
                waiting += sorter.get_ready()
                waiting.sort(key=self.weight.get)
                while waiting and len(running) < AT_ONCE:
                    key = waiting.pop()
                    is_touched = bool(parents[key] & (changed | touched))
                    each = pool.submit(self._one, connection, base, key, is_touched)
                    running[each] = key
                for each in wait(running, return_when=FIRST_COMPLETED).done:
                    key = running.pop(each)
                    is_changed, is_made = each.result()
                    done.made += is_made
                    if is_changed:
                        changed.add(key)
                    sorter.done(key)
        return changed

    def _one(
        self, connection, base: Base, key: str, is_touched: bool
    ) -> tuple[bool, bool]:
        """Make a model, or a view of the build's; whether it is not as it was, and
        whether it was made."""
        node = self.nodes[key]
        with self._cursor(connection) as cursor, _in_words(node.name):
            if node.is_view:
                cursor.execute(f"create view {node.name} as {node.sql}")
                return is_touched, False
            build = f"base.main.{node.name}"
            if not is_touched:
                cursor.execute(f"create view {node.name} as from {build}")
                return False, False
            # The shape is the build's, as the contract of facts wants it.
            cursor.execute(f"create table {node.name} as from {build} limit 0")
            cursor.execute(f"insert into {node.name} by name {node.sql}")
            known = base.publication, node.name
            if known not in self.prints:
                self.prints[known] = _print(cursor, build)
            return _print(cursor, node.name) != self.prints[known], True

    def _behind(self, changed: set[str], current: set[str]) -> set[str]:
        """What hangs on something that has changed and is not made anew."""
        behind: set[str] = set()
        sorter = graphlib.TopologicalSorter(
            {key: node.parents for key, node in self.nodes.items()}
        )
        for key in sorter.static_order():
            node = self.nodes.get(key)
            waits = node and key not in current and node.kind == "model"
            if waits and node.parents & (changed | behind):
                behind.add(key)
        return behind

    def _test(self, connection, changed, behind, done: Refreshed) -> None:
        """Ask the tests of what has changed, as far as all they read is up to date."""
        started = perf_counter()
        with self._cursor(connection) as cursor:
            self._ask(cursor, changed, behind, done)
        done.seconds["tests"] = perf_counter() - started

    def _ask(self, connection, changed, behind, done: Refreshed) -> None:
        made = set(self.order)
        for test in self.tests:
            if not test.parents & changed or test.parents & behind:
                continue
            for key in test.parents - made:
                node = self.nodes[key]
                if node.kind in ("model", "seed"):
                    made.add(key)
                    connection.execute(
                        f"create view {node.name} as from base.main.{node.name}"
                    )
            with _in_words(test.name):
                rows, is_wrong = connection.execute(
                    f"select {test.fails}, {test.fails} {test.error_if} "
                    f"from ({test.sql}) as failing"
                ).fetchall()[0]
            if is_wrong and test.is_error:
                raise UserError(
                    f"The test {test.name} found {rows} rows that should not be there: "
                    "readers keep what they had.",
                    "Mend the export and drop it again; the next whole build lists the "
                    "rows.",
                )
            done.tests += 1

    # ---------------------------------------------------------------- the publication
    def _publish(self, connection, base: Base, changed, behind, done) -> None:
        """The base's publication once more, with the tables that have changed.

        It is written while the tests run; only when all have passed it gets its name.
        """
        before = manifest_of(base.publication)
        tables = dict(before["tables"])
        publication = new_publication(self.data / "published")
        with publication as (build_id, folder), ThreadPoolExecutor(AT_ONCE) as pool:
            tests = pool.submit(self._test, connection, changed, behind, done)
            file = folder / "warehouse.duckdb"
            copy_file(base.publication / "warehouse.duckdb", file)
            (folder / "parquet").mkdir()
            for path in base.publication.glob("parquet/*"):
                link_file(path, folder / "parquet" / path.name)
            for path in base.publication.glob(MANIFEST):
                link_file(path, folder / path.name)
            connection.execute(f"attach '{file}' as fresh")
            connection.execute("set variable salt = ?", [salt(self.target)])
            for name in done.tables:
                tables[name] = copy_table(connection, name, f"fresh.main.{name}")
            checks = pool.submit(self._check, connection, set(self.order))
            done.kpis, done.values = self._values(connection, changed)
            tables["kpi_values"] = _rows(connection, "fresh.main.kpi_values")
            require_no_person(connection, "fresh")
            as_of = newest_day(connection, "fresh.main")
            asked = checks.result()
            connection.execute("detach fresh")
            known = before.get("sha256", {})
            known = {name: known[name] for name in known if name.endswith(".parquet")}
            found = hashes(folder, known)
            tests.result()
            done.build_id = build_id
            new = [*done.tables, "kpi_values"]
            manifest = before | {
                "build_id": build_id,
                "published_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
                "as_of": str(as_of) if as_of else None,
                "restated": 0,
                "files": ledger(self.target),
                "sources": sources(self.target),
                "tables": tables,
                "builds": before["builds"] | dict.fromkeys(new, build_id),
                "made_of": None,
                "live": {
                    "base": base.publication.name,
                    "kpis": self.kpis,
                    "tests": done.tests,
                    "checks": asked,
                    "behind": done.behind,
                },
                "sha256": found,
            }
            (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")

    def _values(self, connection, changed: set[str]) -> tuple[list[str], int]:
        """Bring `kpi_values` up to the KPIs: only rows that are not as they were."""
        kpis = [k for k in self.kpis if self.by_name[f"kpi_{k}"] in changed]
        if not kpis:
            return [], 0
        columns = "kpi_id, grain, period_start, dimension, member, numerator"
        columns += ", denominator, value"
        rows = " union all ".join(
            f"select '{kpi}' as kpi_id, * from kpi_{kpi}" for kpi in kpis
        )
        listed = ", ".join(f"'{kpi}'" for kpi in kpis)
        connection.execute(
            f"""create temp table moved as
            with made as (
                select {columns}, hash({columns}) as print from ({rows})
            ),

            kept as (
                select rowid as place, hash({columns}) as print
                from fresh.main.kpi_values where kpi_id in ({listed})
            )

            select kept.place, {columns}
            from made full join kept on made.print = kept.print
            where made.print is null or kept.print is null"""
        )
        connection.execute(
            """delete from fresh.main.kpi_values where rowid in (
                select place from moved where place is not null
            )"""
        )
        connection.execute(
            f"""insert into fresh.main.kpi_values by name
            select {columns} from moved where place is null"""
        )
        found = connection.execute(
            "select kpi_id, count(*) from moved where place is null"
            " group by kpi_id order by kpi_id"
        ).fetchall()
        return [kpi for kpi, _ in found], sum(rows for _, rows in found)

    def _check(self, connection, current: set[str]) -> list[str]:
        """Ask the checks that can stop a publication of what readers are to get."""
        rules = read_rules()
        names = {self.nodes[key].name for key in current}
        asked = [
            check
            for check, facts in CHECKS.items()
            if check in rules
            and rules[check].severity == "error"
            and names.issuperset(facts)
        ]
        with duckdb.connect() as other:
            entries = Lake(self.data / "lake").entries(other)
        with self._cursor(connection) as cursor:
            cursor.execute("attach ':memory:' as built")
            for name in {fact for check in asked for fact in CHECKS[check]}:
                source = "fresh.main." if is_public(name) else ""
                cursor.execute(f"create view built.main.{name} as from {source}{name}")
            look = Look(
                connection=cursor,
                data=self.data,
                sources=read_contracts(),
                entries=entries,
                as_of=newest_day(cursor, "fresh.main"),
                today=None,
                has_old=False,
                manifest={},
            )
            for check in asked:
                if found := list(ASSERTIONS[check](look, rules[check].limit)):
                    words = "; ".join(
                        f"{f.subject}: {f.message}" for f in found[:SHOWN_ROWS]
                    )
                    raise UserError(
                        f"The check {check} found an error: {words} Readers keep what "
                        "they had.",
                        found[0].to_do,
                    )
            cursor.execute("detach built")
        return asked


# --------------------------------------------------------------------------------- dbt


def _asked_of_dbt(*arguments: str, manifest=None):
    """What a dbt command that must not fail has made."""
    done = run_dbt(*arguments, manifest=manifest)
    if not done.success:
        raise UserError(
            f"dbt could not read the project.\n{str(done.exception or '').strip()}",
            "Mend the file that is named; `dbt parse` checks the project.",
        )
    return done.result


def _compiled(manifest, names: list[str]) -> dict[str, str]:
    """The SQL of models and tests by key; incremental ones as they are from nothing."""
    once = ("--no-write-json", "--full-refresh")
    done = _asked_of_dbt("compile", *once, "--select", *names, manifest=manifest)
    return {
        entry.node.unique_id: entry.node.compiled_code
        for entry in done.results
        if str(entry.node.language) == "sql"
    }


def _nodes(manifest) -> Iterator[_Node]:
    """dbt's nodes as ours; a source's key is that of `inputs`."""
    names = {
        key: f"source.{source.source_name}/{source.name}"
        for key, source in manifest.sources.items()
    }
    for key, source in manifest.sources.items():
        yield _Node(names[key], source.name, "source", set())
    for key, node in manifest.nodes.items():
        kind = str(node.resource_type)
        if kind not in ("model", "seed", "test"):
            continue
        found = _Node(
            key,
            node.alias if kind != "test" else node.name,
            kind,
            {names.get(p, p) for p in getattr(node.depends_on, "nodes", [])},
            is_view=node.config.materialized == "view",
        )
        if kind == "test":
            found.fails = node.config.fail_calc
            found.error_if = node.config.error_if
            found.is_error = node.config.severity.lower() == "error"
        yield found


@contextlib.contextmanager
def _in_words(name: str) -> Iterator[None]:
    """Say of which model or test an error of DuckDB is."""
    try:
        yield
    except duckdb.Error as error:
        if isinstance(error, duckdb.OutOfMemoryException | duckdb.InterruptException):
            raise
        raise UserError(
            f"{name} could not be made: {str(error).strip().splitlines()[0]}",
            "Readers keep what they had; `warehouse run` says more.",
        ) from error


# ------------------------------------------------------------------------ small things


def _print(connection, table: str) -> tuple:
    """What tells a table's rows from others, whatever their order."""
    return connection.execute(
        f"select count(*), sum(hash(each)::hugeint) from {table} as each"
    ).fetchall()[0]


def _rows(connection, table: str) -> int:
    return connection.execute(f"select count(*) from {table}").fetchall()[0][0]
