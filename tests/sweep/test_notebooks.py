"""The notebooks that show sweeps, each on a sweep of faults and on one of scenarios."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dauexp.report import notebooks

SHOWN = {"swept": "moves DAU of B custom", "sampled": "the order glean < statsd is that of 100%"}
"""Words at the end of a notebook, by the sweep that it is given."""


@pytest.mark.parametrize(
    ("name", "sweep"),
    [
        ("03_accuracy", "sampled"),
        pytest.param("03_accuracy", "swept", marks=pytest.mark.heavy),
        pytest.param("05_robustness", "sampled", marks=pytest.mark.heavy),
        pytest.param("05_robustness", "swept", marks=pytest.mark.heavy),
    ],
)
def test_a_notebook_shows_the_sweep_that_it_is_given(
    name: str, sweep: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    folder: Path = request.getfixturevalue(sweep)
    point = next((folder.parent / "points").glob("*/manifest.json")).parent  # an ordinary run
    output = tmp_path / f"{name}.ipynb"
    notebooks.execute(name, output, {"run": str(point), "sweep": str(folder)})
    cells = json.loads(output.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert SHOWN[sweep] in "".join(code[-1]["outputs"][0]["data"]["text/markdown"])
    (charts,) = [cell for cell in code if "plots.swept(sweeps, " in "".join(cell["source"])][:1]
    assert len(charts["outputs"]) == 2
    assert all("image/svg+xml" in output["data"] for output in charts["outputs"])
