"""The examples of schedules: each is run, or read by the validator of its scheduler, and the
commands in them are read by dauexp's own command line."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import typer.main
import yaml
from cronsim import CronSim, CronSimError

from dauexp.cli import app
from dauexp.report.notebooks import parameters_of

TINY = """
name = "tiny"
strategies = ["custom"]
[traffic]
users = 30
days = 2
[experiments]
run = []
[report]
notebooks = []
"""

AIRFLOW = (
    "apache-airflow==3.3.2",
    "apache-airflow-providers-papermill==3.13.3",
    "apache-airflow-providers-standard==1.21.0",
)


@pytest.fixture(scope="module")
def schedules(checkout: Path) -> Path:
    return checkout / "deploy" / "schedules"


def is_nightly(text: str) -> bool:
    """Whether a text is a time as cron knows it, at which something is done each night."""
    try:
        times = CronSim(text, datetime(2026, 2, 27, tzinfo=UTC))
    except CronSimError:
        return False
    first, second, third = (next(times) for _ in range(3))
    return (second - first).days == (third - second).days == 1


def parsed(words: list[str]) -> dict[str, Any]:
    """The parameters of a command line of dauexp. Raises click's error where it is none."""
    group: Any = typer.main.get_command(app)
    name, *rest = words
    parameters: dict[str, Any] = group.commands[name].make_context(name, rest).params
    return parameters


def is_scheduled(words: list[str]) -> bool:
    parameters = parsed(words)
    return parameters["schedule_dir"] is not None and parameters["keep"] == 30


def test_what_is_right_is_told_from_what_is_not() -> None:
    assert is_nightly("17 4 * * *")
    assert not any(map(is_nightly, ["17 4 * *", "60 4 * * *", "17 4 1 * *", "x * * * *"]))
    with pytest.raises(Exception, match="--keepp"):
        parsed(["run", "x.toml", "--keepp", "3"])


def crontab(schedules: Path) -> tuple[dict[str, str], str, str]:
    """The environment, the time and the command of the crontab."""
    lines = (schedules / "crontab").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line and line[0] != "#"]
    environment = dict(line.split("=", 1) for line in rows if re.match(r"[A-Z_]+=", line))
    (job,) = [line for line in rows if not re.match(r"[A-Z_]+=", line)]
    *fields, command = job.split(maxsplit=5)
    return environment, " ".join(fields), command


def test_crontab(schedules: Path) -> None:
    environment, time, command = crontab(schedules)
    assert environment.keys() == {"CRON_TZ", "MAILTO", "PATH"}
    assert is_nightly(time)
    assert "%" not in command, "cron ends a command at a per cent sign"
    program, *words = shlex.split(command)
    assert program == "dauexp"
    assert is_scheduled(words)


@pytest.mark.heavy
def test_the_command_of_the_crontab_makes_a_run_as_cron_would(
    schedules: Path, tmp_path: Path
) -> None:
    environment, _, command = crontab(schedules)
    (tmp_path / "scenario.toml").write_text(TINY, encoding="utf-8")
    installed = {
        "/opt/dauexp/.venv/bin": str(Path(sys.executable).parent),
        "/etc/dauexp/scenario.toml": str(tmp_path / "scenario.toml"),
        "/var/lib/dauexp/runs": str(tmp_path / "runs"),
    }
    for place, mine in installed.items():
        assert place in environment["PATH"] + command
        environment["PATH"] = environment["PATH"].replace(place, mine)
        command = command.replace(place, mine)
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=tmp_path,
        env={"HOME": str(tmp_path), "LOGNAME": "me", "SHELL": "/bin/sh", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", "it would be mailed"
    assert (
        json.loads((tmp_path / "runs" / "latest" / "summary.json").read_text())["status"] == "fine"
    )


@pytest.fixture
def units(schedules: Path, tmp_path: Path) -> Path:
    """The units, with a program that is there in place of the installed one."""
    for path in (schedules / "systemd").iterdir():
        text = path.read_text(encoding="utf-8")
        (tmp_path / path.name).write_text(text.replace("/opt/dauexp/.venv/bin/dauexp", "/bin/true"))
    return tmp_path


def test_systemd_units_name_a_scheduled_run(schedules: Path) -> None:
    service = (schedules / "systemd" / "dauexp.service").read_text(encoding="utf-8")
    (command,) = re.findall(r"^ExecStart=(.*)$", service, flags=re.MULTILINE)
    assert is_scheduled(shlex.split(command)[1:])
    assert "HOME=%S/dauexp" in service


@pytest.mark.heavy
def test_systemd_takes_the_units(units: Path) -> None:
    def verified(*names: str) -> subprocess.CompletedProcess[str]:
        command = ["systemd-analyze", "verify", "--man=no", *(str(units / name) for name in names)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    done = verified("dauexp.service", "dauexp.timer")
    assert (done.returncode, [line for line in done.stderr.splitlines() if "dauexp" in line]) == (
        0,
        [],
    )
    timer = units / "dauexp.timer"
    timer.write_text(timer.read_text().replace("04:17:00", "24:17:00"))
    assert "calendar" in verified("dauexp.timer").stderr


def test_workflow_of_github_actions(schedules: Path, tmp_path: Path) -> None:
    path = schedules / "github-actions.yml"
    check = ["-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    subprocess.run([sys.executable, *check, str(path)], check=True, capture_output=True)
    broken = tmp_path / "broken.yml"
    broken.write_text(path.read_text(encoding="utf-8").replace("runs-on:", "run-on:"))
    done = subprocess.run([sys.executable, *check, str(broken)], check=False, capture_output=True)
    assert done.returncode == 1
    # BaseLoader: in YAML 1.1, `on` is true.
    workflow = yaml.load(path.read_bytes(), yaml.BaseLoader)  # noqa: S506 - makes texts only
    assert all(is_nightly(each["cron"]) for each in workflow["on"]["schedule"])
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    commands = [shlex.split(step["run"]) for step in steps if "dauexp" in step.get("run", "")]
    assert is_scheduled(commands[0][1:])
    assert parsed(commands[1][1:])["page"] == Path("runs/history.html")


def test_cron_job_of_kubernetes(schedules: Path) -> None:
    job = yaml.safe_load((schedules / "kubernetes" / "cronjob.yaml").read_text(encoding="utf-8"))
    kubernetes_validate.validate(job, kubernetes_validate.latest_version(), strict=True)
    spec = job["spec"]
    assert is_nightly(spec["schedule"])
    inner = spec["jobTemplate"]["spec"]
    pod = inner["template"]["spec"]
    assert pod["restartPolicy"] == "Never", "a policy for failures asks for it"
    (container,) = pod["containers"]
    assert is_scheduled(container["args"])
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert mounts.keys() == {volume["name"] for volume in pod["volumes"]}
    (home,) = [each["value"] for each in container["env"] if each["name"] == "HOME"]
    assert home in mounts.values(), "the root file system cannot be written"
    (rule,) = inner["podFailurePolicy"]["rules"]
    assert rule["onExitCodes"]["values"] == [1, 2, 3]
    container["imagePulPolicy"] = "Always"
    with pytest.raises(kubernetes_validate.ValidationError, match="imagePulPolicy"):
        kubernetes_validate.validate(job, kubernetes_validate.latest_version(), strict=True)


READ_DAG = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
(dag,) = bag.dags.values() or [None]
tasks = {task.task_id: task for task in dag.tasks}
print("READ " + json.dumps({
    "errors": bag.import_errors,
    "schedule": dag.schedule,
    "kinds": {name: type(task).__name__ for name, task in tasks.items()},
    "order": [task.task_id for task in dag.topological_sort()],
    "command": tasks["run"].bash_command,
    "notebook": tasks["notebook"].input_nb,
    "parameters": tasks["notebook"].parameters,
    "retries": [task.retries for task in dag.tasks],
}))
"""


@pytest.mark.heavy
def test_dag_of_airflow(schedules: Path, checkout: Path, tmp_path: Path) -> None:
    """Read by Airflow itself, in an environment of its own: it fits into no other."""
    python = tmp_path / "airflow" / "bin" / "python"
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "-q", "--python", sys.executable, python.parents[1]], check=True)
    subprocess.run([*uv, "pip", "install", "-q", "--python", python, *AIRFLOW], check=True)
    (tmp_path / "dags").mkdir()
    source = (schedules / "airflow_dag.py").read_text(encoding="utf-8")
    (tmp_path / "dags" / "dauexp.py").write_text(source, encoding="utf-8")
    done = subprocess.run(
        [str(python), "-c", READ_DAG, str(tmp_path / "dags")],
        env={
            **os.environ,
            "AIRFLOW_HOME": str(tmp_path),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "300",  # the machine may be busy
            "PYTHONPATH": str(checkout),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("READ ")]
    read = json.loads(line.removeprefix("READ "))
    assert read["errors"] == {}
    assert is_nightly(read["schedule"])
    assert read["kinds"] == {"run": "BashOperator", "notebook": "PapermillOperator"}
    assert read["order"] == ["run", "notebook"]
    assert is_scheduled(shlex.split(read["command"])[1:])
    notebook = Path(read["notebook"])
    assert notebook.is_file()
    assert read["parameters"].keys() <= parameters_of(notebook.stem).keys()
    assert read["retries"] == [2, 2]
