from __future__ import annotations

import hashlib
import hmac
import logging
import pickle
import traceback
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dauexp.errors import BadInput
from dauexp.settings import Identity
from dauexp.tables import CODED, OBSERVATIONS, REQUESTS, TIME
from dauexp.traffic import identity
from dauexp.traffic.identity import (
    PLACEHOLDER,
    Mode,
    Observer,
    Secret,
    hashed_device_id,
    hashed_fxa_uid,
    load_secret,
    observe,
)

KEY = b"a key for tests"
VARIABLE = "TEST_SECRET"


def requests(*rows: tuple[str, str]) -> pa.RecordBatch:
    """A batch of REQUESTS, a second apart, from pairs of uid and device id."""
    n = len(rows)
    uids, devices = ([row[k] for row in rows] for k in (0, 1))
    coded = [pa.array(c, pa.string()).dictionary_encode() for c in (uids, devices, ["UA"] * n)]
    hosts = pa.array([f"host-{k % 2}" for k in range(n)], pa.string()).dictionary_encode()
    nulls = [pa.nulls(n, CODED)] * 2
    time = pa.array(np.arange(n) * 1000).cast(TIME)
    return pa.RecordBatch.from_arrays([time, *coded, hosts, *nulls], schema=REQUESTS)


def by_hand(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:32]


def test_the_hash_is_hmac_sha256_of_rfc_4231() -> None:
    """Test case 2 of RFC 4231, cut to 32 digits."""
    assert (
        hashed_fxa_uid(b"Jefe", "what do ya want for nothing?")
        == "5bdcc146bf60754e6a042426089575c7"
    )


def test_a_device_is_hashed_with_its_users_hash() -> None:
    user = hashed_fxa_uid(KEY, "u")
    assert hashed_device_id(KEY, user, "d", "per-device") == by_hand(KEY, by_hand(KEY, "u") + "d")
    assert hashed_device_id(KEY, user, "d", "placeholder") == by_hand(
        KEY, by_hand(KEY, "u") + "none"
    )


def test_observations_say_of_each_request_what_the_service_knows() -> None:
    batch = requests(("u1", "d1"), ("u2", "d1"), ("u1", "d2"), ("u1", "d1"))
    seen = observe(batch, 7, KEY, "per-device")
    assert seen.schema.equals(OBSERVATIONS)
    seen.validate(full=True)
    assert seen["ordinal"].to_pylist() == [7, 8, 9, 10]
    assert seen["time"].equals(batch["time"])
    assert seen["host"].to_pylist() == ["host-0", "host-1", "host-0", "host-1"]
    assert seen["hashed_fxa_uid"].to_pylist() == [by_hand(KEY, u) for u in ("u1", "u2", "u1", "u1")]
    assert seen["hashed_device_id"].to_pylist() == [
        by_hand(KEY, by_hand(KEY, user) + device)
        for user, device in (("u1", "d1"), ("u2", "d1"), ("u1", "d2"), ("u1", "d1"))
    ]


def test_a_placeholder_is_one_device_a_user() -> None:
    batch = requests(("u1", "d1"), ("u2", "d1"), ("u1", "d2"))
    devices = observe(batch, 0, KEY, "placeholder")["hashed_device_id"].to_pylist()
    assert devices == [by_hand(KEY, by_hand(KEY, u) + PLACEHOLDER) for u in ("u1", "u2", "u1")]


@given(
    st.lists(
        st.lists(st.tuples(st.sampled_from("abcdé"), st.sampled_from("abxyz")), max_size=12),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from(["per-device", "placeholder"]),
    st.integers(0, 30),
    st.booleans(),
)
def test_what_is_remembered_does_not_matter(
    batches: list[list[tuple[str, str]]],
    mode: Mode,
    capacity: int,
    shared: bool,  # noqa: FBT001
) -> None:
    whole = requests(*(row for rows in batches for row in rows))
    observer = Observer(KEY, mode, capacity)
    start = 0
    for rows in batches:
        batch = whole.slice(start, len(rows)) if shared else requests(*rows)
        seen = observer.observe(batch, start)
        alone = observe(batch, start, KEY, mode)
        # Also the dictionaries, so that a file of it has the same bytes.
        assert all(
            one.dictionary.equals(other.dictionary) and one.indices.equals(other.indices)
            for one, other in zip(seen.columns[2:], alone.columns[2:], strict=True)
        )
        assert seen["hashed_fxa_uid"].to_pylist() == [by_hand(KEY, user) for user, _ in rows]
        start += len(rows)


def test_batches_that_share_dictionaries_share_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    users = Mock(wraps=hashed_fxa_uid)
    devices = Mock(wraps=hashed_device_id)
    monkeypatch.setattr(identity, "hashed_fxa_uid", users)
    monkeypatch.setattr(identity, "hashed_device_id", devices)
    whole = requests(*[(f"u{k % 5}", f"d{k % 7}") for k in range(70)])
    observer = Observer(KEY, "per-device")
    dictionaries = set()
    for start in range(0, 70, 10):
        seen = observer.observe(whole.slice(start, 10), start)
        dictionaries.add(seen["hashed_fxa_uid"].dictionary.buffers()[2].address)
    assert users.call_count == 5
    assert devices.call_count == 35
    assert len(dictionaries) == 1


def test_memory_is_bounded() -> None:
    observer = Observer(KEY, "per-device", capacity=100)
    for k in range(50):
        observer.observe(requests(*[(f"{k}-{n}", "d") for n in range(10)]), 0)
    assert sum(map(len, observer._known.values())) <= 100
    observer.observe(requests(*[(str(n), "d") for n in range(500)]), 0)
    assert len(observer._known) == 1


def test_no_raw_id_is_in_the_observations_not_even_unused() -> None:
    batch = requests(("raw-user-1", "raw-device-1"), ("raw-user-2", "raw-device-2")).slice(0, 1)
    modes: tuple[Mode, ...] = ("per-device", "placeholder")
    for mode in modes:
        seen = observe(batch, 0, KEY, mode)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, seen.schema) as stream:
            stream.write_batch(seen)
        assert b"raw-" not in sink.getvalue().to_pybytes()
        assert all(
            "raw-" not in text
            for column in seen.columns
            if isinstance(column, pa.DictionaryArray)
            for text in column.dictionary.to_pylist()
        )


def test_an_empty_batch_is_observed() -> None:
    assert observe(requests(), 0, KEY, "per-device").num_rows == 0
    assert observe(requests(), 0, KEY, "placeholder").num_rows == 0


def test_the_secret_comes_from_the_file_before_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "secret"
    file.write_bytes(b"of the file\r\n")
    monkeypatch.setenv(VARIABLE, "of the variable \u00e9")
    named = Identity(secret_env=VARIABLE, secret_file=file)
    assert load_secret(named, 1, simulated=False) == b"of the file"
    unnamed = Identity(secret_env=VARIABLE)
    assert load_secret(unnamed, 1, simulated=True) == "of the variable é".encode()


def test_only_simulated_traffic_goes_without_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    settings = Identity(secret_env=VARIABLE)
    one, same, other = (load_secret(settings, seed, simulated=True) for seed in (1, 1, 2))
    assert one == same != other
    with pytest.raises(
        BadInput, match=r"environment variable TEST_SECRET .* identity\.secret_file"
    ):
        load_secret(settings, 1, simulated=False)


def test_an_empty_or_missing_secret_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty"
    empty.write_text("\n")
    monkeypatch.setenv(VARIABLE, "")
    for settings, what in (
        (Identity(secret_file=empty), "empty is empty"),
        (Identity(secret_file=tmp_path / "none"), "none cannot be read"),
        (Identity(secret_env=VARIABLE), "TEST_SECRET is empty"),
    ):
        with pytest.raises(BadInput, match=what):
            load_secret(settings, 1, simulated=True)


def test_a_secret_does_not_show(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(b"do not show me")
    logging.getLogger("test").warning("%s %r", secret, [secret])
    try:
        raise ValueError(secret)  # noqa: TRY301
    except ValueError as error:
        shown = "".join(traceback.format_exception(error))
    shown += caplog.text + f"{secret} {secret!r} {secret!s}" + "{}".format(secret)  # noqa: UP032
    assert "do not" not in shown
    assert pickle.loads(pickle.dumps(secret)) == secret  # noqa: S301 - our own
    assert hashed_fxa_uid(secret, "u") == hashed_fxa_uid(b"do not show me", "u")
