"""A DAG for Airflow 3, with its providers `standard` and `papermill`: a scheduled run every night.

Then papermill executes one notebook with the run as its parameter. Here `dauexp` is installed in
Airflow's own environment. The exit codes 1, 2 and 3 fail the task; a run that was stopped goes on
when the task is tried again.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.providers.papermill.operators.papermill import PapermillOperator
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

from dauexp.resources import resource

RUNS = "/var/lib/dauexp/runs"
LATEST = f"{RUNS}/latest"

with DAG(
    dag_id="dauexp",
    schedule="17 4 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=5)},
):
    run = BashOperator(
        task_id="run",
        bash_command=f"dauexp run /etc/dauexp/scenario.toml --schedule-dir {RUNS} --keep 30",
    )
    notebook = PapermillOperator(
        task_id="notebook",
        input_nb=str(resource("notebooks", "09_decision.ipynb")),
        output_nb=f"{LATEST}/notebooks/09_decision.{{{{ ds }}}}.ipynb",
        parameters={"run": LATEST},
    )
    run >> notebook
