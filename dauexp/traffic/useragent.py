"""Platform and device family from a user agent, as Sync's server finds them.

The rules are those of `get_device_info` in mozilla-services/syncstorage-rs
(syncserver/src/server/user_agent.rs); the parser below them is woothee, as there. Its Python and
Rust editions agree on the whole catalogue; they part where woothee has no entry (a Windows version
that does not exist: here a desktop, there other) and on some browsers that are not Firefox (the
Google app on an iPhone: here an iPad, there other); `tests/options/glean` lists how.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import woothee
from pyarrow import csv

from dauexp.resources import resource

PLATFORMS = ("firefoxdesktop", "fenix", "firefoxios", "other")
"""All platforms, in the order of the dictionary that `classify_column` gives."""

DEVICE_FAMILIES = ("desktop", "mobile", "tablet", "other")
"""All device families, in the order of the dictionary that `classify_column` gives."""

_PLATFORM_DICTIONARY = pa.array(PLATFORMS, pa.string())
_FAMILY_DICTIONARY = pa.array(DEVICE_FAMILIES, pa.string())

_CATALOGUE = pa.schema(
    [
        pa.field("user_agent", pa.string(), nullable=False),
        pa.field("true_platform", pa.string(), nullable=False),
        pa.field("true_device_family", pa.string(), nullable=False),
        pa.field("weight", pa.float64(), nullable=False),
        pa.field("note", pa.string(), nullable=False),
    ]
)


class Classification(NamedTuple):
    """What Sync makes of a user agent."""

    platform: str
    """One of PLATFORMS."""
    device_family: str
    """One of DEVICE_FAMILIES."""


NOT_FIREFOX = Classification("other", "other")


@lru_cache(maxsize=65_536)
def classify(user_agent: str) -> Classification:
    """The platform and device family that Sync's server finds in a user agent."""
    parsed = woothee.parse(user_agent)
    name, category, system = parsed["name"].lower(), parsed["category"], parsed["os"].lower()
    lower = user_agent.lower()
    if lower.startswith("firefox-ios"):  # woothee does not know Firefox for iOS's own user agents
        name, category, system = "firefox", "smartphone", "iphone"
    elif name == "safari" and "firefox/" not in lower:  # what Firefox on an iPad says it is
        name, category, system = "firefox", "smartphone", "ipad"
    if name != "firefox":
        return NOT_FIREFOX
    if category == "pc":
        return Classification("firefoxdesktop", "desktop")
    if category != "smartphone":
        return NOT_FIREFOX
    if system == "ipad":
        return Classification("firefoxios", "tablet")
    platform = {"iphone": "firefoxios", "android": "fenix"}.get(system, "other")
    return Classification(platform, "mobile")


def classify_column(
    user_agents: pa.DictionaryArray | pa.ChunkedArray,
) -> tuple[pa.DictionaryArray, pa.DictionaryArray]:
    """The platform and the device family of each user agent of a dictionary-encoded column.

    Classifies each distinct value that is used once. The dictionaries of the results are always
    PLATFORMS and DEVICE_FAMILIES, whole and in that order.

    Args:
        user_agents: strings with no null among them; a chunked column may have chunks with
            different dictionaries.
    """
    if isinstance(user_agents, pa.ChunkedArray):
        user_agents = user_agents.unify_dictionaries().combine_chunks()
    codes = user_agents.indices.to_numpy(zero_copy_only=False)
    used = np.zeros(len(user_agents.dictionary), dtype=bool)
    used[codes] = True
    platforms = np.zeros(len(used), dtype=np.int32)
    families = np.zeros(len(used), dtype=np.int32)
    for code in np.flatnonzero(used):
        found = classify(user_agents.dictionary[code].as_py())
        platforms[code] = PLATFORMS.index(found.platform)
        families[code] = DEVICE_FAMILIES.index(found.device_family)
    return (
        pa.DictionaryArray.from_arrays(platforms[codes], _PLATFORM_DICTIONARY),
        pa.DictionaryArray.from_arrays(families[codes], _FAMILY_DICTIONARY),
    )


def encoded(values: pa.Array, known: Sequence[str]) -> pa.DictionaryArray:
    """Strings as a dictionary-encoded column whose dictionary is `known`, whole and in that order.

    What is not among them becomes null.
    """
    dictionary = pa.array(known, pa.string())
    return pa.DictionaryArray.from_arrays(pc.index_in(values, value_set=dictionary), dictionary)


@lru_cache(maxsize=1)
def catalogue() -> pa.Table:
    """The user agents of the simulated devices, from `data/user_agents.csv`.

    One row each, in the order of the file: `user_agent`, `true_platform` and `true_device_family`
    (`other` for all that is not Firefox), `weight` (relative share of devices) and `note`.
    """
    return csv.read_csv(
        resource("data", "user_agents.csv"),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(column_types=_CATALOGUE, strings_can_be_null=False),
    ).cast(_CATALOGUE)
