"""All measures that need no traffic: what is known of the contenders from their files alone."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from dauexp.measures.complexity import complexity
from dauexp.measures.effort import effort
from dauexp.measures.software import software
from dauexp.options import Contender
from dauexp.scenario import Scenario


def static_tables(scenario: Scenario, contenders: Sequence[Contender]) -> dict[str, pa.Table]:
    """The tables `complexity`, `effort` and `software`, by name."""
    return {
        "complexity": complexity(scenario, contenders),
        "effort": effort(scenario, contenders),
        "software": software(),
    }
