from __future__ import annotations

import csv
import errno
import gzip
import io
import json
import time
import tracemalloc
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dauexp.errors import BadInput
from dauexp.options.statsd.line_protocol import Point, parse, write
from dauexp.tables import REQUESTS, TIME
from dauexp.traffic import readers
from dauexp.traffic.files import format_of, read_requests, write_requests
from dauexp.traffic.useragent import DEVICE_FAMILIES, PLATFORMS, catalogue, encoded

NAMES = ["x.ndjson", "x.csv", "x.parquet", "x.jsonl.gz", "x.csv.gz"]
GOOD = {
    "time": "2026-01-05T00:00:01.234Z",
    "uid": "u",
    "device_id": "d",
    "user_agent": "a",
    "host": "h",
}
ANDROID = "Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0"
LOG = (
    '203.0.113.7 - - [05/Jan/2026:02:00:01 +0200] "GET /1.5/42/info/collections HTTP/1.1" 200 81 '
    f'"-" "{ANDROID}"'
)


def batch(rows: list[dict[str, object]]) -> pa.RecordBatch:
    columns = {name: [row.get(name) for row in rows] for name in REQUESTS.names}
    return pa.RecordBatch.from_arrays(
        [
            pa.array(columns["time"], TIME),
            *(pa.array(columns[n], pa.string()).dictionary_encode() for n in REQUESTS.names[1:5]),
            encoded(pa.array(columns["true_platform"], pa.string()), PLATFORMS),
            encoded(pa.array(columns["true_device_family"], pa.string()), DEVICE_FAMILIES),
        ],
        schema=REQUESTS,
    )


def rows(batches: Iterator[pa.RecordBatch]) -> list[dict[str, object]]:
    return [row for each in batches for row in each.to_pylist()]


def read(text: str | bytes, name: str, folder: Path) -> list[dict[str, object]]:
    path = folder / name
    data = text.encode() if isinstance(text, str) else text
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return rows(read_requests(path, name))


def ndjson(*objects: Mapping[str, object]) -> str:
    return "".join(json.dumps(each) + "\n" for each in objects)


def test_formats_go_by_the_name() -> None:
    kinds = [format_of(name) for name in ("a.NDJSON", "b.jsonl", "c.csv.gz", "d.log", "e.parquet")]
    assert kinds == ["ndjson", "ndjson", "csv", "log", "parquet"]
    for name in ("a.txt", "a", "a.parquet.gz", ".csv"):
        with pytest.raises(BadInput, match=r"let it end in \.ndjson"):
            format_of(name)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ROW = st.fixed_dictionaries(
    {
        "time": st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)).map(  # noqa: DTZ001
            lambda t: t.replace(microsecond=t.microsecond // 1000 * 1000, tzinfo=UTC)
        ),
        "uid": TEXT.filter(bool),
        "device_id": TEXT,
        "user_agent": TEXT | st.sampled_from(catalogue()["user_agent"].to_pylist()),
        "host": st.text(
            st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20
        ).filter(lambda host: not host.endswith("\\")),
        "true_platform": st.none() | st.sampled_from(PLATFORMS),
        "true_device_family": st.none() | st.sampled_from(DEVICE_FAMILIES),
    }
)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_is_read_again(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("files")

    @settings(max_examples=40)  # each writes a file and flushes it to disk
    @given(st.lists(ROW, max_size=8), st.integers(0, 8))
    def check(given_rows: list[dict[str, object]], cut: int) -> None:
        whole = batch(given_rows)
        parts = [whole.slice(0, cut), whole.slice(cut)]
        assert write_requests(iter(parts), folder / name) == len(given_rows)
        assert rows(read_requests(folder / name)) == given_rows

    check()


@given(st.lists(ROW, max_size=5))
def test_ndjson_is_what_the_json_module_reads(given_rows: list[dict[str, object]]) -> None:
    stream = io.BytesIO()
    write_requests([batch(given_rows)], stream)
    lines = stream.getvalue().split(b"\n")
    assert lines.pop() == b""
    found = [json.loads(line) for line in lines]
    for row in found:
        assert row["time"].endswith("Z")
        assert len(row["time"]) == len("2026-01-05T00:00:01.234Z")
        row["time"] = datetime.fromisoformat(row["time"])
    assert found == given_rows


@given(st.lists(ROW, max_size=5))
def test_csv_is_what_the_csv_module_reads(given_rows: list[dict[str, object]]) -> None:
    stream = io.BytesIO()
    write_requests([batch(given_rows)], stream, "csv")
    found = list(csv.DictReader(io.StringIO(stream.getvalue().decode(), newline="")))
    expected = [{key: value or "" for key, value in row.items()} for row in given_rows]
    for row in found:
        row["time"] = datetime.fromisoformat(row["time"])
    assert found == expected


def test_time_is_text_to_the_millisecond_in_every_format(tmp_path: Path) -> None:
    one = batch([{**GOOD, "time": datetime(2026, 1, 5, 0, 0, 1, 234_000, UTC)}])
    for name in ("x.ndjson", "x.csv", "x.parquet"):
        write_requests([one], tmp_path / name)
    assert json.loads((tmp_path / "x.ndjson").read_text())["time"] == GOOD["time"]
    assert GOOD["time"] in (tmp_path / "x.csv").read_text()
    assert pq.read_table(tmp_path / "x.parquet")["time"].to_pylist() == [GOOD["time"]]


@pytest.mark.parametrize("name", NAMES)
def test_the_same_requests_give_the_same_bytes(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = batch([{**GOOD, "time": datetime(2026, 1, 5, tzinfo=UTC)}])
    paths = [tmp_path / "one" / name, tmp_path / "other" / f"x{name}"]
    for path, now in zip(paths, (1e9, 2e9), strict=True):
        monkeypatch.setattr(time, "time", lambda now=now: now)
        write_requests([one], path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_whole_or_not_there(name: str, tmp_path: Path) -> None:
    def breaking() -> Iterator[pa.RecordBatch]:
        yield batch([{**GOOD, "time": datetime(2026, 1, 5, tzinfo=UTC)}])
        raise RuntimeError("in the middle")

    (tmp_path / name).write_text("of before")
    with pytest.raises(RuntimeError):
        write_requests(breaking(), tmp_path / name)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(name, "of before")]


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    def full() -> Iterator[pa.RecordBatch]:
        yield batch([{**GOOD, "time": datetime(2026, 1, 5, tzinfo=UTC)}])
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(BadInput, match=r"x\.csv: cannot be written: No space left on device"):
        write_requests(full(), tmp_path / "x.csv")
    with pytest.raises(BadInput, match="access logs are only read"):
        write_requests([], tmp_path / "x.log")
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match="cannot be written"):
        write_requests([], tmp_path / "file" / "x.csv")


def test_an_extra_column_is_ignored_and_the_true_ones_may_be_missing(tmp_path: Path) -> None:
    expected = [
        {
            **GOOD,
            "time": datetime(2026, 1, 5, 0, 0, 1, 234_000, UTC),
            "true_platform": None,
            "true_device_family": None,
        }
    ]
    assert read(ndjson({"status": 200, **GOOD}), "x.ndjson", tmp_path) == expected
    text = f"status,{','.join(GOOD)}\n200,{','.join(GOOD.values())}\n"
    assert read(text, "x.csv", tmp_path) == expected
    pq.write_table(
        pa.table({"status": [200], **{k: [v] for k, v in GOOD.items()}}), tmp_path / "x.parquet"
    )
    assert rows(read_requests(tmp_path / "x.parquet")) == expected


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-01-05T02:00:00+02:00", datetime(2026, 1, 5, tzinfo=UTC)),
        ("2026-01-04T19:00:00.5-0500", datetime(2026, 1, 5, 0, 0, 0, 500_000, UTC)),
        ("2026-01-05 00:00:00Z", datetime(2026, 1, 5, tzinfo=UTC)),
        ("2026-01-05T00:00:00.123999999Z", datetime(2026, 1, 5, 0, 0, 0, 123_000, UTC)),
        ("1969-12-31T23:59:59.9999Z", datetime(1969, 12, 31, 23, 59, 59, 999_000, UTC)),
    ],
)
def test_times_come_to_utc_and_are_cut_to_the_millisecond(
    text: str, utc: datetime, tmp_path: Path
) -> None:
    assert read(ndjson({**GOOD, "time": text}), "x.ndjson", tmp_path)[0]["time"] == utc


BAD_TIMES = [
    "2026-01-05T00:00:00",
    "2026-01-05",
    "05/Jan/2026:00:00:00 +0000",
    "2026-13-01T00:00:00Z",
    "2026-01-05T25:00:00Z",
    "1767571200",
    "",
    "9999-01-01T00:00:00Z",
]


@pytest.mark.parametrize("bad", BAD_TIMES)
def test_a_bad_time_is_found_by_line_and_not_repeated(bad: str, tmp_path: Path) -> None:
    said = r"time: must be RFC 3339 with a UTC offset, such as 2026-01-05T00:00:00\.000Z$"
    objects = [GOOD, {**GOOD, "time": bad}, {**GOOD, "time": "too"}]
    with pytest.raises(BadInput, match=r"^x\.ndjson: line 3: " + said) as caught:
        read("\n" + ndjson(*objects), "x.ndjson", tmp_path)
    assert not bad or bad not in str(caught.value).partition("such as")[0]
    text = "".join(",".join(row) + "\n" for row in [GOOD, *(o.values() for o in objects)])
    with pytest.raises(BadInput, match=r"^x\.csv: line 3: " + said):
        read(text, "x.csv", tmp_path)
    path = tmp_path / "x.parquet"
    pq.write_table(pa.Table.from_pylist(objects), path)
    with pytest.raises(BadInput, match=r"x\.parquet: row 2: " + said):
        rows(read_requests(path))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({k: v for k, v in GOOD.items() if k != "host"}, "object missing required field `host`"),
        ({**GOOD, "uid": ""}, "uid: empty: it must not be"),
        ({**GOOD, "host": ""}, "host: empty"),
        ({**GOOD, "host": "h\\"}, "host: ends in a backslash, or has a tab"),
        ({**GOOD, "host": "h\n"}, "host: ends in a backslash, or has a tab"),
        ({**GOOD, "uid": 123456}, "expected `str`, got `int` - at `uid`"),
        ({**GOOD, "uid": None}, "expected `str`, got `null` - at `uid`"),
        ({**GOOD, "uid": "\ud800"}, "no JSON object on a line of its own"),
        (
            {**GOOD, "true_platform": "secret"},
            "true_platform: must be one of firefoxdesktop, fenix",
        ),
        ('{"time": ', "no JSON object on a line of its own"),
        ("secret", "no JSON object on a line of its own"),
        ("[]", "expected `object`, got `array`"),
        (json.dumps(GOOD) + json.dumps(GOOD), "no JSON object on a line of its own"),
        (b'{"uid": "\xff"}', "can't decode byte 0xff"),
    ],
)
def test_a_broken_line_of_ndjson_is_told(
    line: dict[str, object] | str | bytes, said: str, tmp_path: Path
) -> None:
    text = json.dumps(line) if isinstance(line, dict) else line
    data = text.encode() if isinstance(text, str) else text
    good = json.dumps(GOOD).encode()
    with pytest.raises(BadInput) as caught:
        read(b"\n".join([good, b"", b" ", data, good]), "x.ndjson", tmp_path)
    assert str(caught.value).startswith("x.ndjson: line 4: ")
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "123456" not in str(caught.value)


HEADER = ",".join(GOOD) + "\n"
LINE = ",".join(GOOD.values()) + "\n"


@given(TEXT.filter(bool) | st.text("\\ ,=\n\rh", min_size=1, max_size=6))
def test_a_host_that_is_read_comes_through_line_protocol_as_it_is(host: str) -> None:
    stream = io.BytesIO(json.dumps({**GOOD, "host": host}).encode())
    try:
        (row,) = rows(read_requests(stream, "<stdin>"))
    except BadInput:
        assert host.endswith("\\") or set(host) & set("\t\n\r")
    else:
        tags = {"host": host}
        assert row["host"] == parse(write(Point("m", tags, {"user": "u"}))).tags["host"] == host


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "x.csv: no column time, uid, device_id, user_agent, host: there must be time, uid"),
        ("time,uid,device_id,user_agent\n", "x.csv: no column host: there must be"),
        ("uid," + HEADER, "x.csv: more than one column uid"),
        (HEADER + LINE + "\n" + "a,b\n", "x.csv: line 4: 2 fields, but the header names 5"),
        (HEADER + LINE + LINE.strip() + ",x\n", "x.csv: line 3: 6 fields"),
        (HEADER + LINE.replace(",u,", ",,"), "x.csv: line 2: uid: empty"),
        (HEADER + LINE + LINE.replace(",a,", ',"a\nb"c,'), "x.csv: line 3: no row of CSV"),
        (HEADER + LINE.replace(",a,", ',"a,'), "x.csv: line 2: no row of CSV"),
        (HEADER + LINE.replace(",a,", ',"a\nb",') + LINE[1:], "x.csv: line 4: time: must be"),
        ((HEADER + LINE).encode() + b"\xe9", "x.csv: line 3: not UTF-8: "),
    ],
)
def test_a_broken_line_of_csv_is_told(text: str | bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        read(text, "x.csv", tmp_path)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"host": None}, "no column host"),
        ({"uid": pa.array([1, 2])}, "column uid is int64: it must be text"),
        ({"uid": ["u", None]}, "row 2: uid: null: it must be there"),
        ({"uid": ["u", ""]}, "row 2: uid: empty"),
        (
            {"time": pa.array([0, 0], pa.timestamp("ms"))},
            "column time is timestamp[ms]: it must be",
        ),
    ],
)
def test_a_wrong_column_of_parquet_is_told(
    change: dict[str, object], said: str, tmp_path: Path
) -> None:
    columns = {**{key: [value] * 2 for key, value in GOOD.items()}, **change}
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({k: v for k, v in columns.items() if v is not None}), path)
    with pytest.raises(BadInput) as caught:
        rows(read_requests(path))
    assert str(caught.value).startswith(f"{path}: {said}")


def test_parquet_may_have_timestamps_and_dictionaries(tmp_path: Path) -> None:
    east = pa.array([datetime(2026, 1, 5, tzinfo=UTC)], pa.timestamp("us", "Asia/Tokyo"))
    table = pa.table({**{k: [v] for k, v in GOOD.items()}, "time": east})
    table = table.set_column(1, "uid", table["uid"].dictionary_encode())
    pq.write_table(table, tmp_path / "x.parquet")
    (row,) = rows(read_requests(tmp_path / "x.parquet"))
    assert (row["time"], row["uid"]) == (datetime(2026, 1, 5, tzinfo=UTC), "u")


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    for name, said in (("none.csv", "cannot be read: No such file"), ("none.parquet", "cannot be")):
        with pytest.raises(BadInput, match=said):
            rows(read_requests(tmp_path / name))
    whole = gzip.compress(ndjson(*[GOOD] * 1000).encode())
    (tmp_path / "cut.ndjson.gz").write_bytes(whole[:-20])
    (tmp_path / "no.ndjson.gz").write_text(ndjson(GOOD))
    (tmp_path / "cut.parquet").write_bytes(b"PAR1 and no more")
    for name in ("cut.ndjson.gz", "no.ndjson.gz", "cut.parquet"):
        with pytest.raises(BadInput, match=name):
            rows(read_requests(tmp_path / name))


def test_streams_are_ndjson_and_named_in_messages() -> None:
    assert len(rows(read_requests(io.BytesIO(ndjson(GOOD, GOOD).encode())))) == 2
    assert rows(read_requests(io.BytesIO(b""))) == []
    assert len(rows(read_requests(io.BytesIO(b"\xef\xbb\xbf" + ndjson(GOOD).encode())))) == 1
    with pytest.raises(BadInput, match=r"^standard input: line 1: "):
        rows(read_requests(io.BytesIO(b"x")))
    with pytest.raises(BadInput, match=r"^<here>: line 1: "):
        rows(read_requests(io.BytesIO(b"x"), "<here>"))


def test_line_numbers_go_on_over_batches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(readers, "BATCH_ROWS", 3)
    text = ndjson(*[GOOD] * 7)
    assert len(read(text, "x.ndjson", tmp_path)) == 7
    with pytest.raises(BadInput, match=r"line 8: time"):
        read(text + ndjson({**GOOD, "time": "x"}), "x.ndjson", tmp_path)
    with pytest.raises(BadInput, match=r"line 9: uid: empty"):
        read(HEADER + LINE * 7 + LINE.replace(",u,", ",,"), "x.csv", tmp_path)
    pq.write_table(pa.Table.from_pylist([GOOD] * 7 + [{**GOOD, "uid": ""}]), tmp_path / "x.parquet")
    with pytest.raises(BadInput, match=r"row 8: uid: empty"):
        rows(read_requests(tmp_path / "x.parquet"))


def test_reading_and_writing_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is that of a batch, however much comes."""
    monkeypatch.setattr(readers, "BATCH_ROWS", 100)
    line = ndjson(GOOD).encode()

    class Endless(io.RawIOBase):
        lines = 0

        def readline(self, size: int | None = -1, /) -> bytes:
            self.lines += self.lines < 20_001
            return line if self.lines <= 20_000 else b""

    source = Endless()
    batches = read_requests(source)  # type: ignore[arg-type]
    next(batches)
    assert source.lines == 100
    with Path("/dev/null").open("wb") as nowhere:
        tracemalloc.start()
        count = write_requests(batches, nowhere)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert count == 19_900
    assert peak < 2**20


@pytest.mark.parametrize("place", [12, 40, -6])
def test_a_damaged_archive_is_told(place: int, tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(ndjson(*[GOOD] * 1000).encode()))
    packed[place] ^= 0xFF
    (tmp_path / "x.ndjson.gz").write_bytes(packed)
    with pytest.raises(BadInput, match=r"x\.ndjson\.gz: cannot be read: "):
        rows(read_requests(tmp_path / "x.ndjson.gz"))


@pytest.mark.parametrize("name", ["x.ndjson", "x.csv.gz", "x.log"])
def test_a_line_without_end_is_refused_before_it_fills_the_memory(
    name: str, tmp_path: Path
) -> None:
    head = ",".join(GOOD) + "\n" if ".csv" in name else "\n"
    path = tmp_path / name
    with gzip.open(path, "wb", 1) if name.endswith(".gz") else path.open("wb") as file:
        file.write(head.encode())
        for _ in range(64):
            file.write(b"x" * 2**20)
    tracemalloc.start()
    with pytest.raises(BadInput, match=r"line 2: longer than 8 MiB"):
        rows(read_requests(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 32 * 2**20


def test_a_line_nested_too_deep_is_refused(tmp_path: Path) -> None:
    text = ndjson(GOOD) + '{"more": ' + "[" * 100_000
    with pytest.raises(BadInput, match="line 2: no request: it is nested too deep"):
        read(text, "x.ndjson", tmp_path)


class TestAccessLog:
    def test_a_line_is_a_request(self, tmp_path: Path) -> None:
        assert read(LOG + "\n", "access.log", tmp_path) == [
            {
                "time": datetime(2026, 1, 5, 0, 0, 1, tzinfo=UTC),
                "uid": "42",
                "device_id": "none",
                "user_agent": ANDROID,
                "host": "host",
                "true_platform": None,
                "true_device_family": None,
            }
        ]

    def test_a_virtual_host_is_the_host(self, tmp_path: Path) -> None:
        (row,) = read(f"sync-3.example.org:443 {LOG}", "access.log.gz", tmp_path)
        assert row["host"] == "sync-3.example.org:443"

    @pytest.mark.parametrize(
        ("change", "counts"),
        [
            (("/1.5/", "/sync/1.5/"), True),
            (("collections ", "collections?full=1 "), True),
            (('Firefox/145.0"', 'Firefox/145.0" 0.012 upstream'), True),
            ((" 200 ", " 304 "), True),
            ((" 200 ", " 401 "), False),
            ((" 200 ", " 503 "), False),
            (("GET", "POST"), False),
            (("info/collections", "info/quota"), False),
            (("info/collections", "info/collections2"), False),
            (("/1.5/42", "/1.1/42"), False),
            (("GET /1.5/42/info/collections HTTP/1.1", "-"), False),
        ],
    )
    def test_what_counts(self, change: tuple[str, str], counts: bool, tmp_path: Path) -> None:  # noqa: FBT001
        assert change[0] in LOG
        assert len(read(LOG.replace(*change), "a.log", tmp_path)) == counts

    @pytest.mark.parametrize(
        "change", [("[05", "05"), ("/Jan/", "/Jen/"), ('"-" ', ""), (" 200", "")]
    )
    def test_a_broken_line_is_told(self, change: tuple[str, str], tmp_path: Path) -> None:
        with pytest.raises(BadInput, match=r"a\.log: line 3: no line of an access log") as caught:
            read("\n".join([LOG, "", LOG.replace(*change)]), "a.log", tmp_path)
        assert "203.0.113.7" not in str(caught.value)

    def test_a_day_that_is_none_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(BadInput, match=r"a\.log: line 2: time: "):
            read(LOG + "\n" + LOG.replace("05/Jan", "32/Jan"), "a.log", tmp_path)

    def test_escapes_are_undone(self, tmp_path: Path) -> None:
        (row,) = read(LOG.replace("Mozilla", r"\"M\\\x4F\xc3\xa9\t"), "a.log", tmp_path)
        assert str(row["user_agent"]).startswith('"M\\Oé\t/5.0')


def test_a_day_of_times_is_written_right() -> None:
    start = datetime(2026, 1, 5, tzinfo=UTC)
    moments = [start + timedelta(milliseconds=n) for n in range(0, 86_400_000, 86_399)]
    stream = io.BytesIO()
    write_requests([batch([{**GOOD, "time": each} for each in moments])], stream)
    times = [json.loads(line)["time"] for line in stream.getvalue().splitlines()]
    assert times == [
        each.strftime("%Y-%m-%dT%H:%M:%S.") + f"{each.microsecond // 1000:03d}Z" for each in moments
    ]
