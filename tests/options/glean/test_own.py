"""Option A for a service of one's own: its registry, its names, its queries."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from dauexp.audit import audit
from dauexp.errors import BadInput
from dauexp.experiments import chosen
from dauexp.ingest.strategy import Logged
from dauexp.options.custom import CustomEvents
from dauexp.options.glean import QUERIES, GleanEvents
from dauexp.options.glean.own import OwnEmitter, service
from dauexp.options.glean.renaming import renamed
from dauexp.results import result, scenario_of
from dauexp.run import folder_of, run
from dauexp.scenario import Scenario, load

REQUEST = Logged("Mozilla/5.0 (X11; Linux) Firefox/145.0", "a" * 32, "b" * 32, "fenix", "mobile")
FEW = ("traffic.users=60", "traffic.block_users=40")


@pytest.fixture
def autopush(checkout: Path, tmp_path: Path) -> Path:
    """A copy of the example that a test may change."""
    return Path(shutil.copytree(checkout / "examples" / "autopush", tmp_path / "autopush"))


@pytest.fixture(scope="module")
def scenario(checkout: Path) -> Scenario:
    return load(
        checkout / "examples" / "autopush" / "scenario.toml", [*FEW, "strategies=['glean']"]
    )


@pytest.fixture(scope="module")
def folder(scenario: Scenario, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished run of the example, by both processes that a run may have."""
    return run(scenario, tmp_path_factory.mktemp("runs"), processes=2)


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_a_second_application_is_measured_exactly(folder: Path) -> None:
    accuracy = result(folder, "accuracy").filter(pc.field("option") == "glean")
    asked = set(accuracy["question"].to_pylist())
    assert {"dau", "mau_by_platform", "devices_per_user", "devices_by_platform"} <= asked
    assert pc.all(pc.equal(accuracy["answer"], accuracy["truth"])).as_py()
    assert pc.min(accuracy.filter(pc.field("question") == "dau")["truth"]).as_py() > 5


def test_what_it_stores_has_its_own_names_and_no_others(folder: Path) -> None:
    rows = pa.dataset.dataset(folder / "store" / "glean" / "events" / "stable").to_table()
    strings = {field.name for field in rows.schema.field("metrics").type.field("string").type}
    assert strings == {
        "webpush_hashed_fxa_uid",
        "webpush_hashed_uaid",
        "webpush_client",
        "webpush_form_factor",
    }
    assert rows["additional_properties"].null_count == rows.num_rows
    assert {(event[0]["category"], event[0]["name"]) for event in rows["events"].to_pylist()} == {
        ("webpush", "subscriptions_read")
    }


def test_a_run_is_complete_by_itself(
    folder: Path, scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert audit(folder) == []
    moved = Path(shutil.copytree(folder, tmp_path / "elsewhere"))
    monkeypatch.chdir(tmp_path)
    kept = scenario_of(moved)
    assert kept.glean.registry == moved / "registry"
    assert kept.questions == moved / "questions"
    assert kept.digest == scenario.digest
    change(moved / "registry" / "metrics.yaml", "connects.", "connects again.")
    assert audit(moved) == ["registry/metrics.yaml is not what it was when the run ended"]


def test_what_counts_is_in_the_files_not_where_they_are(
    autopush: Path, scenario: Scenario, tmp_path: Path
) -> None:
    copied = load(autopush / "scenario.toml", [*FEW, "strategies=['glean']"])
    assert copied.digest == scenario.digest
    before = folder_of(copied, tmp_path)
    change(autopush / "metrics.yaml", "connects.", "connects again.")
    after = folder_of(copied, tmp_path)
    change(autopush / "questions" / "devices_by_platform" / "glean.sql", "each UTC", "every UTC")
    assert len({before, after, folder_of(copied, tmp_path)}) == 3


def test_the_scenarios_of_sync_say_nothing_of_own_files() -> None:
    values = load("default")
    assert values.own == {}
    assert not {"registry", "questions", "event"} & {
        line.partition(" ")[0] for line in values.to_toml().splitlines()
    }
    assert GleanEvents(values).queries == QUERIES


def test_lines_are_those_of_its_generated_logger(scenario: Scenario) -> None:
    own = service(scenario.glean)
    assert own is not None
    (line,) = OwnEmitter(own, scenario.glean).lines([REQUEST])
    fields = json.loads(line)["Fields"]
    assert fields["document_namespace"] == "autopush"
    assert fields["document_type"] == "push-activity"
    assert fields["user_agent"] == REQUEST.user_agent
    assert json.loads(fields["payload"])["metrics"]["string"] == {
        "webpush.hashed_fxa_uid": "a" * 32,
        "webpush.hashed_uaid": "b" * 32,
        "webpush.client": "fenix",
        "webpush.form_factor": "mobile",
    }


def test_queries_differ_from_syncs_in_names_alone(scenario: Scenario) -> None:
    folder = GleanEvents(scenario).queries
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        path.name for path in QUERIES.iterdir()
    )
    for path in QUERIES.glob("*.sql"):
        own, sync = (folder / path.name).read_text(), path.read_text()
        assert "syncstorage" not in own, path
        back = own.replace("autopush_stable.push_activity", "syncstorage_stable.events")
        for theirs, mine in {
            "hashed_fxa_uid": "hashed_fxa_uid",
            "hashed_device_id": "hashed_uaid",
            "platform": "client",
            "device_family": "form_factor",
        }.items():
            back = back.replace(f"webpush_{mine}", f"syncstorage_{theirs}")
        assert back == sync, path


def test_only_names_are_renamed() -> None:
    query = """-- of a.events, "old"
SELECT old, `old`, 'old' AS text, events, other.events, bold FROM a.events, a . events
"""
    assert renamed(query, {"old": "new", "a": "b"}, {"events": "pings"}) == (
        """-- of a.events, "old"
SELECT new, new, 'old' AS text, events, other.events, bold FROM b.pings, b . events
"""
    )


@pytest.mark.parametrize(
    ("file", "old", "new", "sentence"),
    [
        ("metrics.yaml", "subscriptions_read:", "read:", "registers no event 'webpush.subscr"),
        (
            "metrics.yaml",
            "  hashed_uaid:",
            "  uaid:",
            "glean.device_metric: .* registers no metric",
        ),
        ("scenario.toml", '"webpush.client"', '"webpush.clint"', "its strings .*: webpush.client"),
        (
            "scenario.toml",
            'device_metric = "webpush.hashed_uaid"',
            'device_metric = "webpush.subscriptions_read"',
            "registers webpush.subscriptions_read as event: it must be a string",
        ),
        ("scenario.toml", '"webpush.client"', '"webpush.form_factor"', "is named twice"),
        ("pings.yaml", "push-activity:", "push-other:", "pings.yaml: defines no ping 'push-act"),
        ("metrics.yaml", "type: event", "type: evnt", "metrics.yaml, .*evnt"),
        ("scenario.toml", 'event = "webpush.subscriptions_read"\n', "", "give event too"),
        ("scenario.toml", 'registry = "."\n', "", "event names a part of glean.registry"),
        ("scenario.toml", 'registry = "."', 'registry = "nowhere"', "nowhere: no such folder"),
        ("scenario.toml", "[glean]\n", '[glean]\nemitter = "rust"\n', 'let emitter be "python"'),
        ("scenario.toml", "run = []", 'run = ["mutation"]', "mutation tries the code of Sync's"),
        ("scenario.toml", '"statsd:tag"', '"custom"', "custom: its emitter is written by hand"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence(
    autopush: Path, tmp_path: Path, file: str, old: str, new: str, sentence: str
) -> None:
    change(autopush / file, old, new)
    with pytest.raises(BadInput, match=sentence) as told:
        run(load(autopush / "scenario.toml", FEW), tmp_path / "runs", processes=1)
    assert "\n" not in str(told.value)


def test_a_metric_that_is_sent_in_another_ping_is_told(autopush: Path) -> None:
    text = (autopush / "metrics.yaml").read_text()
    before, client, after = text.partition("  client:\n")
    after = after.replace("      - push-activity\n", "      - events\n", 1)
    (autopush / "metrics.yaml").write_text(before + client + after)
    with pytest.raises(BadInput, match=r"does not send webpush.client in the ping push-activity"):
        GleanEvents(load(autopush / "scenario.toml"))


def test_an_event_in_two_pings_is_told(autopush: Path) -> None:
    twice = "      - push-activity\n      - events\n"
    change(autopush / "metrics.yaml", "      - push-activity\n", twice)
    with pytest.raises(BadInput, match="is sent in events and push-activity"):
        GleanEvents(load(autopush / "scenario.toml"))


def test_what_glinter_finds_is_told_before_any_traffic(autopush: Path, tmp_path: Path) -> None:
    for name in ("metrics.yaml", "pings.yaml"):
        change(autopush / name, "push-activity", "push-ping")
    stages: list[str] = []

    def note(stage: str, _done: int, _steps: int) -> None:
        stages.append(stage)

    with pytest.raises(BadInput, match="REDUNDANT_PING"):
        run(load(autopush / "scenario.toml", FEW), tmp_path / "runs", 1, note)
    assert set(stages) == {"prepare"}


def test_a_category_that_python_cannot_say_is_told(autopush: Path) -> None:
    change(autopush / "metrics.yaml", "\nwebpush:", "\nweb.push:")
    change(autopush / "scenario.toml", '"webpush.', '"web.push.')
    strategy = GleanEvents(load(autopush / "scenario.toml"))
    with pytest.raises(BadInput, match="takes no category with a dot"):
        strategy.log([REQUEST])


def test_what_the_generator_leaves_out_is_said_on_stderr(
    autopush: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    entry = (autopush / "metrics.yaml").read_text().partition("  client:\n")[2]
    entry = entry.partition("\n\n")[0].replace("type: string", "type: counter")
    with (autopush / "metrics.yaml").open("a") as file:
        file.write(f"\n  retries:\n{entry}\n")
    GleanEvents(load(autopush / "scenario.toml")).log([REQUEST])
    said = capsys.readouterr()
    assert said.out == ""
    assert "counter" in said.err


def test_the_hand_written_emitter_is_syncs(scenario: Scenario) -> None:
    with pytest.raises(BadInput, match="write yours as a plug-in"):
        CustomEvents(scenario)


def test_general_experiments_are_chosen(autopush: Path) -> None:
    change(autopush / "scenario.toml", "run = []", 'run = ["rotation"]')
    assert chosen(load(autopush / "scenario.toml"))
