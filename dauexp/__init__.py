"""Three ways of measuring the daily active users of a sync service, on identical traffic.

`dauexp` sends the same requests through Glean (option A), a hand-written emitter (option B) and
StatsD with InfluxDB (option C), computes DAU, WAU and MAU from what each stored, and compares
them with the exact truth. Start with ``dauexp --help`` or with the notebooks.
"""

from __future__ import annotations

from typing import Final

__all__ = ["__version__"]

__version__: Final = "0.1.0"
