"""The contract of an option, as dauexp tests its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from dauexp.testing import OptionContract


class TestOpenMetrics(OptionContract):
    """Every promise, for every strategy of the option."""

    chosen: ClassVar[Sequence[str]] = ["openmetrics"]
