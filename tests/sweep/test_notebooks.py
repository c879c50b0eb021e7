"""The notebooks that show sweeps, each on a sweep of faults and on one of scenarios."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dauexp.report import notebooks

SHOWN = {"swept": "moves DAU of B custom", "sampled": "the order glean < statsd is that of 100%"}
"""Words at the end of a notebook, by the sweep that it is given."""


@pytest.mark.parametrize(
    ("name", "sweep", "charts"),
    [
        ("03_accuracy", "sampled", 2),
        pytest.param("03_accuracy", "swept", 1, marks=pytest.mark.heavy),
        pytest.param("05_robustness", "sampled", 2, marks=pytest.mark.heavy),
        pytest.param("05_robustness", "swept", 2, marks=pytest.mark.heavy),
    ],
)
def test_a_notebook_shows_the_sweep_that_it_is_given(
    name: str, sweep: str, charts: int, swept: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    folder: Path = request.getfixturevalue(sweep)
    point = next((swept.parent / "points").glob("*/manifest.json")).parent  # an ordinary run
    output = tmp_path / f"{name}.ipynb"
    notebooks.execute(name, output, {"run": str(point), "sweep": str(folder)})
    cells = json.loads(output.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert SHOWN[sweep] in "".join(code[-1]["outputs"][0]["data"]["text/markdown"])
    shown = next(cell for cell in code if "plots.swept(sweeps, " in "".join(cell["source"]))
    assert len(shown["outputs"]) == charts
    assert all("image/svg+xml" in output["data"] for output in shown["outputs"])
