"""`dauexp init`, and what it writes: a project that runs as it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow.compute as pc
import pytest

from dauexp import starter
from dauexp.errors import BadInput
from dauexp.ingest.registry import Registry
from dauexp.options.glean import GleanEvents
from dauexp.options.glean.generate import nits
from dauexp.ownquestions import known_questions
from dauexp.results import result
from dauexp.run import run
from dauexp.scenario import load


def command(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dauexp", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("starter") / "my-push"
    starter.write(folder)
    return folder


def test_the_project_is_named_after_its_folder_throughout(project: Path) -> None:
    files = [path for path in project.rglob("*") if path.is_file()]
    assert len(files) == len(starter.templates())
    texts = {path.name: path.read_text() for path in files}
    assert not any("my-service" in text or "my_service" in text for text in texts.values())
    assert 'application_id = "my-push"' in texts["scenario.toml"]
    assert "\nmy_push:\n" in texts["metrics.yaml"]
    assert "my_push_stable.events" in texts["glean.sql"]


def test_its_registry_is_clean_under_glinter(project: Path) -> None:
    assert nits(Registry((project / "metrics.yaml", project / "pings.yaml"))) == ""


def test_its_scenario_holds_from_any_folder(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    scenario = load(project / "scenario.toml")
    assert scenario.glean.registry == project.resolve()
    assert list(known_questions(scenario))[-1] == "heavy_users"
    dau = (GleanEvents(scenario).queries / "dau.sql").read_text()
    assert "my_push_stable.events" in dau
    assert "syncstorage" not in dau


@pytest.mark.parametrize(
    ("folder", "name", "service"),
    [("My Push", None, "my-push"), ("push_2", None, "push-2"), ("2", "push", "push")],
)
def test_a_name_is_made_of_the_folders(
    tmp_path: Path, folder: str, name: str | None, service: str
) -> None:
    starter.write(tmp_path / folder, name)
    assert load(tmp_path / folder / "scenario.toml").glean.application_id == service


@pytest.mark.parametrize("name", ["2push", "", "Push", "my push", "p" * 31, "../push"])
def test_what_is_no_name_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="is no name of a service"):
        starter.write(tmp_path / "new", name)
    assert not (tmp_path / "new").exists()


def test_a_folder_that_holds_anything_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "push").mkdir()
    (tmp_path / "push" / "notes.txt").write_text("mine")
    done = command("init", "push", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "dauexp: push: is not empty; give a new folder\n"
    assert [path.name for path in (tmp_path / "push").iterdir()] == ["notes.txt"]


def test_a_file_in_the_way_and_a_place_that_cannot_be_are_told(tmp_path: Path) -> None:
    (tmp_path / "push").write_text("mine")
    with pytest.raises(BadInput, match="is not empty"):
        starter.write(tmp_path / "push")
    with pytest.raises(BadInput, match="cannot be written"):
        starter.write(tmp_path / "push" / "below")


def test_its_run_answers_its_own_question_and_all_others_exactly(
    project: Path, tmp_path: Path
) -> None:
    changes = ["traffic.users=80", "strategies=['glean','statsd:set','statsd:tag']"]
    folder = run(load(project / "scenario.toml", changes), tmp_path, processes=1)
    accuracy = result(folder, "accuracy")
    of_a = accuracy.filter(pc.field("option") == "glean")
    assert "heavy_users" in of_a["question"].to_pylist()
    assert pc.all(pc.equal(of_a["answer"], of_a["truth"])).as_py()
    own = accuracy.filter(pc.field("question") == "heavy_users")
    assert set(own["strategy"].to_pylist()) == {"events", "tag"}
    assert pc.sum(own["truth"]).as_py() > 50
    capability = result(folder, "capability").filter(pc.field("question") == "heavy_users")
    assert {row["strategy"]: row["found"] for row in capability.to_pylist()} == {
        "events": "exact",
        "set": None,
        "tag": "exact",
    }


@pytest.mark.heavy
def test_from_init_to_the_report_with_no_edit(tmp_path: Path) -> None:
    made = command("init", "my-push", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert made.stdout.splitlines()[-1] == "next: dauexp run my-push/scenario.toml"
    done = command("run", "my-push/scenario.toml", "-j", 2, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (folder,) = [path for path in (tmp_path / "runs").iterdir() if path.is_dir()]
    page = (folder / "report.html").read_text()
    assert "Heavy users" in page
    told = command("query", "glean", "heavy_users", "--run", folder, cwd=tmp_path)
    assert "my_push_stable.events" in told.stdout
    no = command("query", "statsd:set", "heavy_users", "--run", folder, cwd=tmp_path)
    assert (no.returncode, "A set knows" in no.stderr) == (2, True)
