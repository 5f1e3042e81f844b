"""Ask for KPIs across any dimensions: MetricFlow writes the SQL, DuckDB runs it.

Readers' files are enough: the published warehouse and the semantic manifest beside it.
No dbt runs, nothing is written, and after the first a query takes a fraction of a
second.
"""

import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace

import duckdb

from warehouse.errors import UserError
from warehouse.paths import data_dir

MANIFEST = "semantic_manifest.json"


class Metrics:
    """The metrics of a published build.

    Args:
        folder: A folder of `published/`; the one that readers see when left out.

    Raises:
        UserError: If nothing is published there, or MetricFlow is not installed.
    """

    def __init__(self, folder: Path | None = None):
        self.folder = folder or data_dir() / "published" / "current"
        self._engine = self._read()

    def names(self) -> dict[str, str]:
        """What can be asked for: label by name, KPIs and their parts."""
        return {m.name: m.label or m.name for m in self._manifest.metrics}

    def dimensions(self, *metrics: str) -> list[str]:
        """By what all of these metrics can be cut, as `by` wants it.

        Args:
            metrics: Names as in `names()`.

        Returns:
            Names in the alphabet's order; `metric_time` stands for every grain.
        """
        names = list(metrics)
        found = self._say(self._engine.simple_dimensions_for_metrics, names)
        entities = self._say(self._engine.entities_for_metrics, names)
        cuts = {d.dunder_name for d in found if "date_day" not in d.dunder_name}
        cuts |= {e.name for e in entities if e.name in self._shared}
        return sorted({"metric_time" if "metric_time" in c else c for c in cuts})

    def sql(
        self,
        metrics: Sequence[str],
        by: Sequence[str] = (),
        where: Sequence[str] = (),
        order: Sequence[str] = (),
        limit: int | None = None,
    ) -> str:
        """The query that gives metrics cut by dimensions.

        Args:
            metrics: Names as in `names()`.
            by: Dimensions as in `dimensions()`; `metric_time__week` is a grain of time.
            where: Conditions in MetricFlow's words, all of which must hold, as
                `{{ Dimension('session__device') }} = 'mobile'`.
            order: Columns of the answer, with a minus before those that fall.
            limit: At most so many rows.

        Returns:
            SQL for DuckDB; its columns are named as `by` and `metrics` are.

        Raises:
            UserError: If a name is not known, or metrics have no such dimension.
        """
        from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

        request = MetricFlowQueryRequest.create(
            metric_names=list(metrics),
            group_by_names=list(by),
            where_constraints=list(where) or None,
            order_by_names=list(order) or None,
            limit=limit,
        )
        return self._say(self._engine.explain, request).sql_statement.sql

    def ask(self, metrics: Sequence[str], by: Sequence[str] = (), **conditions):
        """Metrics cut by dimensions; arguments as for `sql`.

        Returns:
            A DuckDB relation: `.show()`, `.fetchall()`, `.df()`, `.pl()`.
        """
        return self._warehouse.sql(self.sql(metrics, by, **conditions))

    @cached_property
    def _warehouse(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(self.folder / "warehouse.duckdb"), read_only=True)

    @property
    def _shared(self) -> set[str]:
        """The entities that cubes have in common: shop, channel, product."""
        models = self._manifest.semantic_models
        return {e.name for m in models for e in m.entities if e.type.value == "foreign"}

    def _read(self):
        """MetricFlow's engine over the manifest."""
        try:
            from metricflow.engine.metricflow_engine import MetricFlowEngine
            from metricflow.protocols.sql_client import SqlEngine
            from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
            from metricflow_semantics.model.dbt_manifest_parser import (
                parse_manifest_from_dbt_generated_manifest as parse,
            )
            from metricflow_semantics.model.semantic_manifest_lookup import (
                SemanticManifestLookup,
            )
        except ImportError as error:
            raise UserError(
                "MetricFlow is not installed.",
                "pip install 'dbt-metricflow==0.15.0' 'dbt-core<1.12'",
            ) from error
        file = self.folder / MANIFEST
        if not file.exists():
            raise UserError(
                f"There is no {MANIFEST} in {self.folder}.",
                "Run `warehouse run`; it is published beside the warehouse.",
            )
        self._manifest = parse(manifest_json_string=file.read_text(encoding="utf-8"))
        # It only writes SQL here; nobody lets it near a connection.
        dialect = SimpleNamespace(
            sql_engine_type=SqlEngine.DUCKDB, sql_plan_renderer=DuckDbSqlPlanRenderer()
        )
        return MetricFlowEngine(SemanticManifestLookup(self._manifest), dialect)

    @staticmethod
    def _say(ask, *arguments):
        """What MetricFlow answers; what it does not know is the asker's mistake."""
        from metricflow_semantics.errors.error_classes import InvalidQueryException

        try:
            return ask(*arguments)
        except InvalidQueryException as error:
            raise UserError(*_in_words(str(error))) from error


def _in_words(error: str) -> tuple[str, str]:
    """MetricFlow's first complaint as a message, and what is near as a hint.

    Args:
        error: A page a name that it did not find, each for every part of a metric.
    """
    first = error.partition("Error #2:")[0].strip()
    asked = re.search(r"Query Input:\s+(\S+)\s*(?:$|Issue)", first)
    near = re.search(r"Suggestions:\s+\[(.*?)\]", first, re.DOTALL)
    every = "Metrics().names() and .dimensions(…) list all."
    if not asked:
        return first.partition("Got exception")[0].strip(), every
    found = re.findall(r"'([^']+)'", near.group(1)) if near else []
    hint = f"Near are {', '.join(found)}. {every}" if found else every
    name = asked.group(1)
    return f"{name} is no metric, and no dimension of all metrics asked for.", hint
