"""Sweep files: what is varied, and the settings and points that follow."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from dauexp.errors import BadInput
from dauexp.faults import Faults
from dauexp.scenario import keys
from dauexp.sweep import load_sweep, presets
from dauexp.sweep.draws import Draw, latin_hypercube
from dauexp.sweep.plan import points, settings


def sweep_file(folder: Path, text: str) -> str:
    path = folder / "mine.toml"
    path.write_text(f'name = "mine"\n{text}', encoding="utf-8")
    return str(path)


def test_a_grid_takes_every_combination_with_the_same_seeds(tmp_path: Path) -> None:
    text = """
        replicates = 2
        first_seed = 7
        [changes]
        traffic.users = 5
        "traffic.days" = 2
        [grid]
        traffic.hosts.count = [1, 4]
        "statsd.flush_seconds" = [1, 10, 60]
    """
    sweep, base = load_sweep(sweep_file(tmp_path, text))
    found = points(sweep, base)
    assert (base.traffic.users, base.traffic.days) == (5, 2)
    seen = [
        (p.scenario.traffic.hosts.count, p.scenario.statsd.flush_seconds, p.scenario.seed)
        for p in found
    ]
    assert seen == [(h, f, s) for h in (1, 4) for f in (1, 10, 60) for s in (7, 8)]
    assert found[0].setting.label == "traffic.hosts.count 1, statsd.flush_seconds 1"


def test_one_parameter_at_a_time_beside_the_base_and_over_a_grid(tmp_path: Path) -> None:
    text = """
        replicates = 1
        [grid]
        traffic.hosts.count = [1, 2]
        [[vary]]
        name = "loss"
        key = "faults.loss.rate"
        values = [0.1, 0.2]
        [[vary]]
        key = "faults.delay.mean_seconds"
        values = [60.0]
        also = { "faults.delay.rate" = 1.0 }
    """
    sweep, base = load_sweep(sweep_file(tmp_path, text))
    found = [(s.varied, s.strength, s.label) for s in settings(sweep)]
    assert found[:3] == [
        ("", 0.0, "traffic.hosts.count 1"),
        ("", 0.0, "traffic.hosts.count 2"),
        ("loss", 0.1, "loss 0.1, traffic.hosts.count 1"),
    ]
    assert [name for name, _, _ in found].count("faults.delay.mean_seconds") == 2
    late = points(sweep, base)[-1].scenario
    assert (late.faults.delay.rate, late.faults.delay.mean_seconds) == (1.0, 60.0)
    assert late.faults.loss.rate == 0.0


def test_a_point_makes_no_experiments_and_no_notebooks() -> None:
    _, base = load_sweep("faults")
    assert base.experiments.run == ()
    assert base.report.notebooks == ()


def test_changes_on_the_command_line_win(tmp_path: Path) -> None:
    text = "[changes]\ntraffic.users = 5\n"
    _, base = load_sweep(sweep_file(tmp_path, text), ["traffic.users=6"])
    assert base.traffic.users == 6


def test_a_scenario_beside_the_file_is_the_base(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text("[traffic]\nusers = 77\n", encoding="utf-8")
    _, base = load_sweep(sweep_file(tmp_path, 'scenario = "base.toml"'))
    assert base.traffic.users == 77


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[changes]\ntraffic.userz = 5", "traffic.userz: unknown key; did you mean traffic.users?"),
        ("replicates = 0", "replicates: Input should be greater than or equal to 1"),
        ("[[vary]]\nkey = 'faults.loss.rate'\nvalues = []", "vary.0.values"),
        (
            "[grid]\nseed = [1]\n[sample]\ndraw = [{key = 'seed', choices = [1]}]",
            "sample draws all its settings: leave out grid and vary",
        ),
        ("[sample]\ndraw = [{key = 'seed'}]", "seed: give either low and high, or choices"),
        (
            "[sample]\ndraw = [{key = 'seed', low = 0, high = 9, scale = 'log'}]",
            "seed: a range on a log scale begins above 0",
        ),
        ("replicates = ", "not TOML"),
        ("replicates = " + "1" * 5000, "not TOML: an integer past 64 bits"),
        ("[grid" + ".a" * 400 + "]\na = [1]", "nested more than 32 deep"),
        ("[grid]\n" + "".join(f"a{n} = [1, 2]\n" for n in range(99)), "more than 1,000,000 points"),
        ("[sample]\ndraw = [{key = 'seed', low = 0, high = inf}]", "finite number"),
        ("[sample]\ndraw = [{key = 'seed', low = -1e308, high = 1e308}]", "wider than a number"),
        ("strength = 3", "strength: Extra inputs are not permitted"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadInput) as error:
        load_sweep(sweep_file(tmp_path, text))
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_value_out_of_range_is_told_before_anything_runs(tmp_path: Path) -> None:
    text = "[[vary]]\nkey = 'faults.loss.rate'\nvalues = [1.5]"
    sweep, base = load_sweep(sweep_file(tmp_path, text))
    with pytest.raises(BadInput, match=r"faults\.loss\.rate: .*less than or equal to 1"):
        points(sweep, base)


@pytest.mark.parametrize("source", ["nonsense", "missing.toml", "x" * 300])
def test_an_unknown_sweep_names_those_there_are(source: str) -> None:
    with pytest.raises(BadInput, match="faults, glimpse, sensitivity"):
        load_sweep(source)


def test_the_examples_in_the_documentation_are_sweeps(checkout: Path, tmp_path: Path) -> None:
    text = (checkout / "docs" / "sweeps.md").read_text(encoding="utf-8")
    whole, sample = (block.partition("```")[0] for block in text.split("```toml\n")[1:])
    (tmp_path / "whole.toml").write_text(whole, encoding="utf-8")
    assert len(points(*load_sweep(str(tmp_path / "whole.toml")))) == 10 * (3 * 2) * (1 + 3 + 2)
    assert len(settings(load_sweep(sweep_file(tmp_path, sample))[0])) == 200


@pytest.mark.parametrize("preset", presets())
def test_every_point_of_a_preset_is_a_scenario_of_its_own(preset: str) -> None:
    found = points(*load_sweep(preset))
    assert len({each.scenario.digest for each in found}) == len(found)


def test_the_presets_have_every_fault() -> None:
    faults, _ = load_sweep("faults")
    sample, _ = load_sweep("sensitivity")
    assert sample.sample
    varied = {vary.key.split(".")[1] for vary in faults.vary}
    drawn = {d.key.split(".")[1] for d in sample.sample.draw if d.key.startswith("faults.")}
    assert varied == drawn == set(Faults.model_fields)


def test_the_sensitivity_preset_is_of_200_scenarios_each_with_a_seed_of_its_own() -> None:
    found = points(*load_sweep("sensitivity"))
    assert len(found) >= 200
    assert len({each.scenario.seed for each in found}) == len(found)


LEFT_OUT = {
    "no effect on an answer": {
        "traffic.block_users",
        "traffic.batch_rows",
        "statsd.transport",
        "influxdb.backend",
    },
    "a name": {"statsd.prefix"},
    "a weight for each host, so it hangs on their number": {"traffic.hosts.weights"},
    "fixed, so that MAU is defined": {"traffic.days"},
    "in place of all the others": {"traffic.trace"},
}
"""Parameters of the traffic and of option C that the sensitivity preset does not draw, with the
reason."""


def test_the_sensitivity_preset_draws_the_whole_parameter_space() -> None:
    """A new parameter is drawn, or left out for a reason."""
    sweep, _ = load_sweep("sensitivity")
    assert sweep.sample
    drawn = {key for draw in sweep.sample.draw for key in (draw.key, *draw.also)}
    groups = tuple(f"{key}." for key in drawn)
    every = {key for key in keys() if key.startswith(("traffic.", "statsd.", "influxdb."))}
    missing = {key for key in every - drawn if not key.startswith(groups)}
    assert missing == set().union(*LEFT_OUT.values())


def test_a_latin_hypercube_takes_each_part_of_a_range_once() -> None:
    draws = [
        Draw(key="a", low=0, high=100),
        Draw(key="b", low=1, high=10_000, scale="log"),
        Draw(key="c", low=1, high=4, integer=True),
        Draw(key="d", choices=("x", "y")),
        Draw(key="e", low=0.1, high=0.2, share=0.25, also={"f": 1}),
    ]
    rows = latin_hypercube(draws, 100, seed=3)
    columns = list(zip(*rows, strict=True))
    linear = sorted(each.number or 0 for each in columns[0])
    assert all(n <= value <= n + 1 for n, value in enumerate(linear))
    logarithmic = sorted(each.number or 0 for each in columns[1])
    assert all(
        10 ** (n / 25) * 0.999 <= value <= 10 ** ((n + 1) / 25) * 1.001
        for n, value in enumerate(logarithmic)
    )
    assert Counter(each.text for each in columns[2]) == dict.fromkeys("1234", 25)
    assert Counter(each.text for each in columns[3]) == {"x": 50, "y": 50}
    on = [each for each in columns[4] if each.values]
    assert len(on) == 25
    assert all(each.values["f"] == 1 and 0.1 <= each.values["e"] <= 0.2 for each in on)
    assert {each.number for each in columns[4] if not each.values} == {0.0}


def test_the_draw_repeats_and_hangs_on_its_seed() -> None:
    draws = [Draw(key="a", low=0, high=1), Draw(key="b", low=0, high=1)]
    assert latin_hypercube(draws, 9, 1) == latin_hypercube(draws, 9, 1)
    assert latin_hypercube(draws, 9, 1) != latin_hypercube(draws, 9, 2)


def test_whole_numbers_on_a_log_scale_stay_within() -> None:
    draw = Draw(key="a", low=1, high=16, scale="log", integer=True)
    assert draw.at(0.0).number == 1
    assert draw.at(1 - 1e-12).number == 16
