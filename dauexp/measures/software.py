"""What the installed software can do that the decision record made claims about.

The record is of 2024; a claim about software is tested against the software as it is now.
"""

from __future__ import annotations

from importlib.metadata import version

import pyarrow as pa

SOFTWARE = pa.schema(
    [
        pa.field("package", pa.string(), nullable=False),
        pa.field("version", pa.string(), nullable=False),
        pa.field("feature", pa.string(), nullable=False),
    ]
)
"""One row a feature that a package has."""


def software() -> pa.Table:
    """The table `SOFTWARE`: the languages in which glean_parser writes code."""
    from glean_parser.translate import OUTPUTTERS  # noqa: PLC0415 - takes a second to import

    rows = [
        {"package": "glean_parser", "version": version("glean_parser"), "feature": name}
        for name in sorted(OUTPUTTERS)
    ]
    return pa.Table.from_pylist(rows, schema=SOFTWARE)
