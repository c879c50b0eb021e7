"""The examples of schedules: each is read as strictly as can be done without its scheduler, and
the commands in them are read by dauexp's own command line."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, Self

import msgspec
import pytest
import typer.main
import yaml

from dauexp.cli import app
from dauexp.report.notebooks import parameters_of

CRON = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
"""The least and greatest number in each field of a time in a crontab."""


@pytest.fixture(scope="module")
def schedules(checkout: Path) -> Path:
    return checkout / "deploy" / "schedules"


def is_time(text: str) -> bool:
    """Whether a text is a time as cron knows it: numbers, ranges, lists, steps and stars."""
    fields = text.split()
    return len(fields) == 5 and all(
        re.fullmatch(r"(\*|\d+(-\d+)?)(/[1-9]\d*)?", part)
        and all(low <= int(number) <= high for number in re.findall(r"\d+", part.split("/")[0]))
        for field, (low, high) in zip(fields, CRON, strict=True)
        for part in field.split(",")
    )


def parsed(words: list[str]) -> dict[str, Any]:
    """The parameters of a command line of dauexp. Raises click's error where it is none."""
    group: Any = typer.main.get_command(app)
    name, *rest = words
    parameters: dict[str, Any] = group.commands[name].make_context(name, rest).params
    return parameters


def is_scheduled(words: list[str]) -> bool:
    parameters = parsed(words)
    return parameters["schedule_dir"] is not None and parameters["keep"] == 30


def test_a_time_is_told_from_what_is_none() -> None:
    assert all(map(is_time, ["17 4 * * *", "*/5 0-6 1,15 * 7"]))
    wrong = ["17 4 * *", "60 4 * * *", "17 24 * * *", "x * * * *", "*/0 * * * *"]
    assert not any(map(is_time, wrong))
    with pytest.raises(Exception, match="--keepp"):
        parsed(["run", "x.toml", "--keepp", "3"])


def test_crontab(schedules: Path) -> None:
    lines = (schedules / "crontab").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line and line[0] != "#"]
    (job,) = [line for line in rows if not re.match(r"[A-Z_]+=", line)]
    assert is_time(" ".join(job.split()[:5]))
    assert "%" not in job, "cron ends a command at a per cent sign"
    program, *words = shlex.split(job.split(maxsplit=5)[5])
    assert program == "dauexp"
    assert is_scheduled(words)


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


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze")
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


class Strict(msgspec.Struct, forbid_unknown_fields=True, rename="kebab"):
    """A mapping of a workflow: an unknown key is an error."""


class Job(Strict):
    runs_on: str
    timeout_minutes: int
    steps: list[dict[str, Any]]


class Cron(Strict):
    cron: str


class On(msgspec.Struct, forbid_unknown_fields=True):
    schedule: list[Cron]
    workflow_dispatch: None


class Concurrency(Strict):
    group: str


class Workflow(Strict):
    name: str
    on: On
    permissions: dict[str, str]
    concurrency: Concurrency
    jobs: dict[str, Job]


def test_workflow_of_github_actions(schedules: Path) -> None:
    # BaseLoader: in YAML 1.1, `on` is true.
    loaded = yaml.load((schedules / "github-actions.yml").read_bytes(), yaml.BaseLoader)  # noqa: S506 - texts only
    loaded["on"]["workflow_dispatch"] = loaded["on"]["workflow_dispatch"] or None
    workflow = msgspec.convert(loaded, Workflow, strict=False)
    assert all(is_time(each.cron) for each in workflow.on.schedule)
    steps = [step for job in workflow.jobs.values() for step in job.steps]
    assert all(("uses" in step) != ("run" in step) for step in steps)
    assert all(step.keys() <= {"uses", "run", "with", "if", "name"} for step in steps)
    used = [step["uses"] for step in steps if "uses" in step]
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@v\d+", action) for action in used)
    commands = [shlex.split(step["run"]) for step in steps if "dauexp" in step.get("run", "")]
    assert is_scheduled(commands[0][1:])
    assert parsed(commands[1][1:])["page"] == Path("runs/history.html")


def keys(node: object, path: str = "") -> Iterator[str]:
    """The paths of all keys of a tree, lists left out."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield f"{path}.{key}"
            yield from keys(value, f"{path}.{key}")
    elif isinstance(node, list):
        for each in node:
            yield from keys(each, path)


def test_cron_job_of_kubernetes(schedules: Path) -> None:
    job = yaml.safe_load((schedules / "kubernetes" / "cronjob.yaml").read_text(encoding="utf-8"))
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "CronJob")
    spec = job["spec"]
    assert is_time(spec["schedule"])
    assert spec.keys() <= {
        *("schedule", "timeZone", "concurrencyPolicy", "startingDeadlineSeconds", "suspend"),
        *("jobTemplate", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"),
    }
    inner = spec["jobTemplate"]["spec"]
    assert inner.keys() <= {"backoffLimit", "podFailurePolicy", "template", "activeDeadlineSeconds"}
    pod = inner["template"]["spec"]
    assert pod["restartPolicy"] == "Never", "a policy for failures asks for it"
    (container,) = pod["containers"]
    assert is_scheduled(container["args"])
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod["volumes"]}
    (rule,) = inner["podFailurePolicy"]["rules"]
    assert rule["onExitCodes"]["values"] == [1, 2, 3]
    assert not [key for key in keys(job) if re.search(r"\.[A-Z_-]", key)]


class Operator:
    """Stands for an operator of Airflow: keeps what it was given."""

    made: ClassVar[list[Operator]] = []

    def __init__(self, **given: Any) -> None:
        self.given = given
        self.made.append(self)

    def __rshift__(self, other: Operator) -> Operator:
        assert self.made.index(self) < self.made.index(other)
        return other


class Dag(Operator):
    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def test_dag_of_airflow(schedules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Operator, "made", [])
    for name, attribute, stand_in in (
        ("airflow.sdk", "DAG", Dag),
        ("airflow.providers.standard.operators.bash", "BashOperator", Operator),
        ("airflow.providers.papermill.operators.papermill", "PapermillOperator", Operator),
    ):
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            whole = ".".join(parts[:end])
            monkeypatch.setitem(sys.modules, whole, sys.modules.get(whole, ModuleType(whole)))
        setattr(sys.modules[name], attribute, stand_in)
    source = (schedules / "airflow_dag.py").read_text(encoding="utf-8")
    exec(compile(source, "airflow_dag.py", "exec"), {"__name__": "airflow_dag"})  # noqa: S102 - our own
    dag, run, notebook = (each.given for each in Operator.made)
    assert is_time(dag["schedule"])
    assert dag["default_args"]["retry_delay"] > timedelta(0)
    assert is_scheduled(shlex.split(run["bash_command"])[1:])
    assert Path(notebook["input_nb"]).is_file()
    assert notebook.keys() == {"task_id", "input_nb", "output_nb", "parameters"}
    assert notebook["parameters"].keys() <= parameters_of(Path(notebook["input_nb"]).stem).keys()
