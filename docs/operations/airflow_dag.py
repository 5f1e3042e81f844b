"""The warehouse as an Airflow DAG: the commands of `warehouse run`, a task each.

Put it into Airflow's folder of DAGs, on the machine that holds the project. Every task
is safe to repeat, and readers keep what they have until `publish`. WAREHOUSE_SALT comes
from the environment of the worker.
"""

from datetime import datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

PROJECT = "/srv/kpis"
# Exit code 4 says that another command is at work in the data folder.
BUSY = 4
STEPS = {
    "load": "warehouse load",
    "build": "warehouse build",
    "check": "warehouse check",
    "publish": "warehouse publish",
    "report": "warehouse report",
}

with DAG(
    dag_id="warehouse",
    description="Exports in, tested KPIs out",
    schedule="15 5 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,  # a run sees all exports: there is nothing to catch up
    max_active_runs=1,
    default_args={"retries": 1, "retry_delay": timedelta(minutes=10)},
):
    before = None
    for name, command in STEPS.items():
        task = BashOperator(
            task_id=name,
            bash_command=f".venv/bin/{command}",
            cwd=PROJECT,
            env={"WAREHOUSE_TARGET": "prod"},
            append_env=True,
            skip_on_exit_code=BUSY,
        )
        if before is not None:
            before >> task
        before = task
