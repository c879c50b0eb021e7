"""How far repeated measurements lie apart, in words."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median


def spread(values: Sequence[float], form: str) -> str:
    """Median, lowest and highest, each in a format such as `,.0f`."""
    return f"{median(values):{form}} ({min(values):{form}} to {max(values):{form}})"
