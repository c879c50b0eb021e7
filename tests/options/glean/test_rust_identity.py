"""The service in Rust hashes identities and classifies user agents as the Python path does."""

from __future__ import annotations

import gc
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import orjson
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import csv

from dauexp.ingest.strategy import Logged
from dauexp.options import glean
from dauexp.options.glean.rustbuild import rust_program
from dauexp.options.glean.rustemitter import OBSERVED, RustService
from dauexp.settings import Glean
from dauexp.tables import REQUESTS
from dauexp.traffic.identity import Mode, observe
from dauexp.traffic.useragent import catalogue, classify

pytestmark = pytest.mark.heavy

SECRET: Final = b"\x00\n a secret of any bytes \xff\r\n"
MODES: Final[list[Mode]] = ["per-device", "placeholder"]


@pytest.fixture(scope="module")
def services() -> Iterator[dict[Mode, RustService]]:
    """The service in Rust, one of each mode, for all tests."""
    yield {mode: RustService(rust_program(glean.REGISTRY), Glean(), SECRET, mode) for mode in MODES}
    gc.collect()


def coded(values: list[str]) -> pa.DictionaryArray:
    return pa.array(values, pa.string()).dictionary_encode()


def requests(rows: list[tuple[str, str, str]]) -> pa.RecordBatch:
    """Requests of (uid, device id, user agent)."""
    uids, devices, user_agents = (list(column) for column in zip(*rows, strict=True))
    same = coded(["x"] * len(rows))
    times = pa.array([0] * len(rows), REQUESTS.field("time").type)
    columns = [times, coded(uids), coded(devices), coded(user_agents), same, same, same]
    return pa.record_batch(columns, REQUESTS)


def logged(lines: pa.Array) -> list[Logged]:
    """What some lines say of their requests."""
    found = []
    for line in lines.to_pylist():
        fields = orjson.loads(line)["Fields"]
        text = orjson.loads(fields["payload"])["metrics"]["string"]
        assert len(text) == len(Logged._fields) - 1
        metrics = [text[f"syncstorage.{name}"] for name in Logged._fields[1:]]
        found.append(Logged(fields["user_agent"], *metrics))
    return found


def expected(batch: pa.RecordBatch, mode: Mode) -> list[Logged]:
    """What the Python path knows of some requests."""
    rows = observe(batch, 0, SECRET, mode).select(OBSERVED.names).to_pylist()
    return [Logged(**row) for row in rows]


# Where the crate woothee 0.13.0 and Python's woothee 1.10.1 part. Nothing in the catalogue or the
# example trace is of this kind; the last two columns are what each edition leads to.
PARTED: Final = {
    # Python: some desktop. Rust: looks on, and then knows no system.
    "a Windows version that woothee has no entry for": (
        "Mozilla/5.0 (Windows NT 11.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
        ("firefoxdesktop", "desktop"),
        ("other", "other"),
    ),
    # Python: looks for Firefox for iOS and for Edge among the user agents of Safari alone, and
    # after Yandex's browser. Rust: before it, and everywhere.
    "FxiOS/ or Edge/ without Safari/, or with YaBrowser/": (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) FxiOS/145.0 Mobile/15E148",
        ("other", "other"),
        ("firefoxios", "mobile"),
    ),
    # Python: Yandex's browser of an unknown version. Rust: no Yandex's browser.
    "YaBrowser/ without a version of four parts": (
        "Mozilla/5.0 (Windows NT 10.0) YaBrowser/25 Firefox/145.0",
        ("other", "other"),
        ("firefoxdesktop", "desktop"),
    ),
    # Python: knows neither Google's app on iOS nor Samsung's browser; the first is Safari to it,
    # and so, by Sync's special case, Firefox on an iPad.
    "GSA/ or SamsungBrowser/": (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) GSA/380.0 Mobile/15E148 Safari/604",
        ("firefoxios", "tablet"),
        ("other", "other"),
    ),
}
_WINDOWS = re.compile(r"Windows ([ .a-zA-Z0-9]+)[;\\)]")
_FIREFOX_IOS_OR_EDGE = re.compile(r"(?:FxiOS|Edge|Edg|EdgiOS|EdgA)/[.0-9]")
_KNOWN_WINDOWS = re.compile(
    r"NT (10\.0|6\.[0-3]|5\.[01]|4\.0)|98|95|CE|Phone(?: OS)? [.0-9]+.*", re.DOTALL
)


def part(user_agent: str) -> str | None:
    """Why the two editions may part on a user agent; None where they must agree."""
    windows, firefox_ios, yandex, others = PARTED
    version = _WINDOWS.search(user_agent)
    if "Xbox" not in user_agent and version and not _KNOWN_WINDOWS.fullmatch(version.group(1)):
        return windows
    sought = "Safari/" in user_agent and not ("Chrome" in user_agent and "wv" in user_agent)
    if _FIREFOX_IOS_OR_EDGE.search(user_agent) and (not sought or "YaBrowser/" in user_agent):
        return firefox_ios
    if "YaBrowser/" in user_agent and not re.search(r"YaBrowser/(\d+\.){3}\d+", user_agent):
        return yandex
    if "SamsungBrowser/" in user_agent or re.search(r"GSA/[.0-9]", user_agent):
        return others
    return None


def known_user_agents(checkout: Path) -> list[str]:
    trace = csv.read_csv(checkout / "data" / "trace" / "example.csv")
    return [*catalogue()["user_agent"].to_pylist(), *trace["user_agent"].to_pylist()]


PIECES: Final = re.split(
    r"\|",
    "Mozilla/5.0 |Firefox/145.0|Firefox-iOS-FxA/24|firefox-ios|FIREFOX/1|FxiOS/145.0|Safari/605.1|"
    "Version/18.6|Chrome/140.0|CriOS/140|wv|Edg/140.0|Edge/18|EdgA/1|OPR/1.2|Opera/9.8|Opera |"
    "YaBrowser/25.8.1.2|YaBrowser/25|Vivaldi/7.1|SamsungBrowser/20|GSA/1|Trident/7.0;|MSIE 8.0;|"
    "compatible; MSIE|IEMobile/1|(Windows NT 10.0; Win64)|(Windows NT 6.1;|(Windows NT 11.0;|"
    "Windows|Windows 98|Windows Phone OS 8.1;|Xbox|Xbox; Xbox One)|(Macintosh; |Mac OS X|"
    "Intel Mac OS X 10_15)|like Mac OS X|iPhone;|iPad;|iPod|CPU iPhone OS 18_6|iPhone|Tablet|"
    "(X11; Linux x86_64)|Linux|Android|Android 15;|(Android 15; Mobile; rv:145.0)|Mobile/15E148|"
    "Mobile|(Mobile; rv:26.0) Gecko/26.0 |Gecko/20100101|CFNetwork/1|Darwin/24|BB10|FreeBSD|"
    "BlackBerry9000/1.0 |X11; FreeBSD 13;|X11; CrOS 1)|(Win98;|Mac_PowerPC|SymbianOS|KDDI-X|"
    "DoCoMo/1.0 X|SoftBank/1.0/X|Nintendo Wii;|PlayStation 4 1)|Googlebot|compatible; Googlebot|"
    "bingbot|compatible; bingbot|spider/|bot|Yahoo|Baiduspider+|rss/|PHP/|curl/8|Java/1|"
    'HttpClient/|FxSync/1.1.desktop|Sleipnir/1|Nexus|İ|ß|\N{KELVIN SIGN}|\u2028|\x00|\n|\t|"|é|/|'
    ".| |;|(|)",
)
"""What generated user agents are made of."""


def generated_user_agents(checkout: Path, count: int) -> list[str]:
    """Catalogue entries, cut, joined and changed, and random rows of pieces; always the same."""
    known = [user_agent[:400] for user_agent in known_user_agents(checkout)[:95]]
    chance = random.Random(5)

    def made() -> str:
        if chance.random() < 0.5:
            return " ".join(chance.choices(PIECES, k=chance.randint(1, 8)))
        one = chance.choice(known)
        at = chance.randint(0, len(one))
        match chance.randint(0, 3):
            case 0:
                return one[:at] + chance.choice(PIECES) + one[at:]
            case 1:
                return one[:at] + one[at + chance.randint(1, 12) :]
            case 2:
                return one[:at] + chance.choice(known)[at:]
            case _:
                return re.sub(r"\d", lambda _: str(chance.randint(0, 9)), one)

    return [made() for _ in range(count)]


@pytest.mark.parametrize("mode", MODES)
def test_every_user_agent_in_data_is_hashed_and_classified_alike(
    mode: Mode, services: dict[Mode, RustService], checkout: Path
) -> None:
    user_agents = known_user_agents(checkout)
    assert not any(map(part, user_agents))
    batch = requests([(f"u{n % 7}", f"d{n % 3}", each) for n, each in enumerate(user_agents)])
    assert logged(services[mode].wire(batch)) == expected(batch, mode)


def test_generated_user_agents_are_classified_alike_but_for_the_known_differences(
    services: dict[Mode, RustService], checkout: Path
) -> None:
    user_agents = generated_user_agents(checkout, 40_000)
    found = logged(services["per-device"].wire(requests([("u", "d", ua) for ua in user_agents])))
    kept = [(each.platform, each.device_family) for each in found]
    wrong = {
        (user_agent, tuple(classify(user_agent)), rust)
        for user_agent, rust in zip(user_agents, kept, strict=True)
        if part(user_agent) is None and tuple(classify(user_agent)) != rust
    }
    assert not wrong
    agreed_upon = [part(user_agent) is None for user_agent in user_agents]
    assert sum(agreed_upon) > 0.7 * len(user_agents)
    assert len(set(kept)) == 6


@pytest.mark.parametrize("case", PARTED)
def test_the_known_differences_are_there(case: str, services: dict[Mode, RustService]) -> None:
    user_agent, python, rust = PARTED[case]
    assert part(user_agent) == case
    assert tuple(classify(user_agent)) == python
    (row,) = logged(services["per-device"].wire(requests([("u", "d", user_agent)])))
    assert (row.platform, row.device_family) == rust


@settings(max_examples=200)
@given(
    st.sampled_from(MODES),
    st.lists(
        st.tuples(st.text(), st.text(), st.text().filter(lambda text: part(text) is None)),
        min_size=1,
        max_size=30,
    ),
)
def test_any_text_is_hashed_and_classified_alike(
    services: dict[Mode, RustService], mode: Mode, rows: list[tuple[str, str, str]]
) -> None:
    batch = requests(rows)
    assert logged(services[mode].wire(batch)) == expected(batch, mode)


def test_hashes_do_not_outlive_their_dictionaries(services: dict[Mode, RustService]) -> None:
    """Batches that share one dictionary, then the other, then both, then are cut."""
    one = requests([("u1", "d1", "x"), ("u2", "d2", "y"), ("u1", "d2", "x")])
    two = requests([("u3", "d1", "y"), ("u2", "d3", "x"), ("u3", "d3", "y")])
    mixed = [
        one,
        one.set_column(1, REQUESTS.field("uid"), two["uid"]),
        two,
        one.set_column(2, REQUESTS.field("device_id"), two["device_id"]),
        two.set_column(3, REQUESTS.field("user_agent"), one["user_agent"]),
        one.slice(1, 2),
        one.slice(2, 1),
        one,
    ]
    for mode in MODES:
        for batch in mixed:
            assert logged(services[mode].wire(batch)) == expected(batch, mode)
