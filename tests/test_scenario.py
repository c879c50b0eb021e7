from __future__ import annotations

from pathlib import Path

import pytest

from dauexp.errors import BadInput
from dauexp.explain import explained
from dauexp.scenario import Scenario, keys, load, presets
from dauexp.traffic.expected import Expected


def test_every_preset_loads_under_its_own_name() -> None:
    assert presets()
    for name in presets():
        assert load(name).name == name


@pytest.mark.parametrize(
    ("preset", "requests"),
    [("default", 1_000_000), ("production-minute", 190_000), ("production-day", 273_600_000)],
)
def test_a_preset_has_the_volume_that_it_promises(preset: str, requests: int) -> None:
    traffic = load(preset).traffic
    expected = sum(Expected(traffic).requests(day)[0] for day in range(traffic.days))
    if preset == "default":
        assert requests < expected < 1.3 * requests
    else:
        assert expected == pytest.approx(requests, rel=0.005)


def test_every_parameter_is_explained() -> None:
    rows = list(explained(load()))
    assert [row["key"] for row in rows] == list(keys())
    assert all(row["meaning"] for row in rows)
    unexplained = [row["key"] for row in rows if not (row["range"] and row["source"])]
    assert not unexplained
    ranges = {row["key"]: row["range"] for row in rows}
    assert ranges["traffic.users"] == ">= 1, <= 1000000000"
    assert ranges["traffic.activity.weekday"] == "7 values, >= 0, <= 1"
    assert ranges["identity.device_id"] == "per-device | placeholder"
    assert ranges["faults.restart.at"] == "a time with its UTC offset or none"


def test_toml_round_trip(tmp_path: Path) -> None:
    scenario = load("quick", ["traffic.users=77", "faults.loss.rate=0.25", "seed=9"])
    path = tmp_path / "mine.toml"
    path.write_text(scenario.to_toml())
    assert load(path) == scenario
    assert load(path).digest == scenario.digest


def test_the_digest_tells_scenarios_apart() -> None:
    assert load("quick").digest != load("quick", ["seed=2"]).digest


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("traffic.userz=5", "traffic.userz: unknown key; did you mean traffic.users?"),
        (
            "traffic.users=-5",
            "traffic.users: input should be greater than or equal to 1 (given: -5)",
        ),
        ("faults.loss.rate=1.5", "faults.loss.rate"),
        ("traffic.hosts.weights=[1.0]", "traffic.hosts: weights has 1 values"),
        ("traffic.first_day=nonsense", "traffic.first_day"),
        ("traffic=1", "traffic"),
        ("=1", "give KEY=VALUE"),
        ("traffic", "give KEY=VALUE"),
        ("seed.x=1", "seed"),
    ],
)
def test_a_bad_parameter_is_one_sentence_with_its_key(change: str, said: str) -> None:
    with pytest.raises(BadInput, match=r"^[^\n]+$") as caught:
        load("quick", [change])
    assert said in str(caught.value)


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"nowhere\.toml: no such file"):
        load("nowhere.toml")
    with pytest.raises(BadInput, match="is no scenario: give a file ending"):
        load("quik")
    broken = tmp_path / "broken.toml"
    broken.write_text("seed = = 1")
    with pytest.raises(BadInput, match=r"broken\.toml: not TOML: .*line 1"):
        load(broken)
    broken.write_bytes(b"name = '\xff'")
    with pytest.raises(BadInput, match="not UTF-8"):
        load(broken)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seed = " + "1" * 5000, "past 64 bits"),
        ("seed = 0x" + "f" * 5000, "past 64 bits"),
        ("plugins.x.y = 9223372036854775808", "past 64 bits"),
        ("plugins.x.y = nan", "nan is no value"),
        ("seed = " + "[" * 5000 + "]" * 5000, "nested more than 32 deep"),
        ("plugins.x.y = " + "[" * 40 + "]" * 40, "nested more than 32 deep"),
        ("[plugins.x" + ".a" * 400 + "]", "nested more than 32 deep"),
        ("\n" + "a." * 50_000 + "a = 1", "line 2 has more than 500 dots"),
        ("#" * 2**21, "longer than 1 MiB"),
        ("seed = '" + "1x" * 5000 + "'", "seed: "),
        ("x" * 5000 + " = 1", "unknown key"),
        ("strategies = " + str(["x"] * 1000 + [1]), "strategies.1000: "),
    ],
)
def test_what_no_scenario_holds_is_one_short_sentence(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "odd.toml"
    path.write_text(text)
    with pytest.raises(BadInput, match=r"^[^\n]+$") as caught:
        load(path)
    assert "odd.toml: " in str(caught.value)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("name", ["x" * 300, "x" * 300 + ".toml", "a\0b", "a\0b.toml"])
def test_a_name_that_no_file_can_have_is_no_scenario(name: str) -> None:
    with pytest.raises(BadInput, match="give a"):
        load(name)


@pytest.mark.parametrize(
    "change",
    [
        "seed=" + "1" * 5000,
        "seed=" + "[" * 5000,
        "plugins.x" + ".a" * 3000 + "=1",
        "seed=1\nname = 'other'",
        "traffic.seasonal.x" * 500 + "=1",
    ],
)
def test_a_change_of_any_size_is_one_short_sentence(change: str) -> None:
    with pytest.raises(BadInput, match=r"^[^\n]+$") as caught:
        load("quick", [change])
    assert len(str(caught.value)) < 500


def test_infinity_is_kept_where_a_parameter_takes_it(tmp_path: Path) -> None:
    scenario = load("quick", ["thresholds.slowdown=inf", "plugins.x.y=[inf]"])
    path = tmp_path / "again.toml"
    path.write_text(scenario.to_toml())
    assert load(path) == scenario


def test_keys_are_dotted_and_complete() -> None:
    every = list(keys())
    assert "traffic.activity.alpha" in every
    assert "faults.loss.rate" in every
    assert len(every) == len(set(every))
    assert {key.split(".")[0] for key in every} == set(Scenario.model_fields)
