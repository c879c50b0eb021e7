"""The Rust emitter against the Python one: documents, rows, answers; and the process it runs."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import orjson
import pyarrow as pa
import pytest

from dauexp.errors import BadInput, DauexpError
from dauexp.ingest.registry import Registry
from dauexp.ingest.rustreader import rust_library
from dauexp.ingest.strategy import Logged
from dauexp.options import glean
from dauexp.options.custom.rustbuild import rust_program as custom_rust_program
from dauexp.options.glean.rustbuild import rust_program
from dauexp.options.glean.rustemitter import (
    HMAC_VARIABLE,
    REQUESTED,
    RustEmitter,
    RustService,
)
from dauexp.scenario import Scenario, load
from dauexp.settings import Glean
from dauexp.tables import MESSAGES
from tests.options.in_rust import ODD, assert_same_answers, observations

pytestmark = pytest.mark.heavy

DIFFERENT: Final = {
    "Timestamp": "the generated Rust leaves it out",
    "Logger": "the generated Rust leaves it out",
    "Fields.document_id": "random",
    "Fields.payload.ping_info.start_time": "the wall clock",
    "Fields.payload.ping_info.end_time": "the wall clock",
    "Fields.payload.client_info.telemetry_sdk_build": "names glean_parser's template",
    "Fields.payload.events.extra": "empty here; the generated Python leaves an empty one out",
}
"""Where documents of the two emitters differ by design, and why."""


def documents(lines: pa.Array | list[bytes]) -> list[dict[str, Any]]:
    """The objects of some lines, each with its payload read."""
    found = []
    for line in lines if isinstance(lines, list) else lines.to_pylist():
        document = orjson.loads(line)
        document["Fields"]["payload"] = orjson.loads(document["Fields"]["payload"])
        found.append(document)
    return found


def differences(one: Any, other: Any, place: str = "") -> set[str]:
    """The places in which two documents differ."""
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = zip(one, other, strict=True)
        return {found for mine, its in pairs for found in differences(mine, its, place)}
    if not isinstance(one, dict) or not isinstance(other, dict):
        return set() if one == other and type(one) is type(other) else {place}
    return {
        found
        for key in one.keys() | other.keys()
        for found in differences(one.get(key), other.get(key), f"{place}.{key}".lstrip("."))
    }


def strategies(*changes: str) -> dict[str, glean.GleanEvents]:
    return {
        emitter: glean.GleanEvents(load("quick", [*changes, f"glean.emitter={emitter}"]))
        for emitter in ("python", "rust")
    }


def test_documents_of_both_emitters_differ_only_by_design() -> None:
    both = strategies("glean.application_id=shop", "glean.app_channel=a b", "seed=2")
    batch = observations(500)
    emitted = {name: strategy.emit(batch) for name, strategy in both.items()}
    for messages in emitted.values():
        assert messages.schema == MESSAGES
        for mine, its in (("ordinal", "ordinal"), ("arrival", "time"), ("host", "host")):
            assert messages[mine].equals(batch[its])
    read = {name: documents(messages["wire"]) for name, messages in emitted.items()}
    found = set[str]()
    for one, other in zip(read["python"], read["rust"], strict=True):
        found |= differences(one, other)
    assert found == set(DIFFERENT)


def test_odd_values_come_through_alike() -> None:
    both = strategies()
    lines = {name: strategy.log([ODD, ODD]) for name, strategy in both.items()}
    assert all(len(each) == 2 for each in lines.values())
    one, other = (documents(each)[0] for each in lines.values())
    assert differences(one, other) == set(DIFFERENT)
    assert [strategy.log([]) for strategy in both.values()] == [[], []]


def test_ingestion_makes_the_same_rows_of_both() -> None:
    batch = observations(3000)
    live = {}
    for name, strategy in strategies().items():
        decoded = strategy.decoder.decode(strategy.emit(batch))
        assert decoded.errors.num_rows == 0
        live[name] = decoded.live.to_pylist()
    found = set[str]()
    for one, other in zip(live["python"], live["rust"], strict=True):
        found |= differences(one, other)
    assert found == {
        "document_id",
        "client_info.telemetry_sdk_build",
        "ping_info.start_time",
        "ping_info.end_time",
        "events.extra",
    }


def test_every_line_fits_the_fast_way_of_ingestion() -> None:
    strategy = strategies()["rust"]
    messages = strategy.emit(observations(100))
    assert len(strategy.decoder.reader.read(messages).places) == 100


def test_batches_of_all_sizes_come_back_whole() -> None:
    """Far more than pipes hold, nothing at all, and slices."""
    strategy = strategies()["rust"]
    small = observations(2000)
    large = pa.Table.from_batches([small] * 50).combine_chunks().to_batches()[0]
    ids = set[str]()
    for batch in (small, large, small.slice(0, 0), small.slice(7, 1), large, small):
        fields = [each["Fields"] for each in documents(strategy.emit(batch)["wire"])]
        strings = [each["payload"]["metrics"]["string"] for each in fields]
        users = [each["syncstorage.hashed_fxa_uid"] for each in strings]
        assert users == batch["hashed_fxa_uid"].to_pylist()
        ids |= {each["document_id"] for each in fields}
    assert len(ids) == 2 * len(small) + 2 * len(large) + 1


def test_the_program_ends_with_its_emitter() -> None:
    emitter = RustEmitter(rust_program(glean.REGISTRY), Glean())
    emitter.lines([Logged("a", "b", "c", "d", "e")])
    process = emitter._program._process
    assert process.poll() is None
    del emitter
    gc.collect()
    assert process.returncode == 0
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


def test_a_program_that_ends_early_is_told() -> None:
    emitter = RustEmitter(rust_program(glean.REGISTRY), Glean())
    row = Logged("a", "b", "c", "d", "e")
    emitter.lines([row])
    emitter._program._process.kill()
    emitter._program._process.wait()
    with pytest.raises(DauexpError, match="ended with status -9: no word"):
        emitter.lines([row])


def test_the_secret_is_no_argument() -> None:
    secret = b"a secret of some length"
    service = RustService(rust_program(glean.REGISTRY), Glean(), secret, "per-device")
    arguments = service._program._process.args
    assert isinstance(arguments, list)
    said = " ".join(map(str, arguments))
    assert secret.decode() not in said
    assert secret.hex() not in said


def stream(schema: pa.Schema, batch: pa.RecordBatch | None = None) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        if batch is not None:
            writer.write_batch(batch)
    return bytes(sink.getvalue())


NULLS = pa.record_batch(
    [pa.array(["a", None]).dictionary_encode()] * 3,
    names=REQUESTED.names,
)
PLAIN = pa.record_batch([pa.array(["a"])] * 3, names=REQUESTED.names)
UNNAMED = PLAIN.rename_columns(["a", "b", "c"])
BAD: Final = {
    "no secret": (None, stream(REQUESTED), f"{HMAC_VARIABLE} must hold the HMAC secret in hex"),
    "empty secret": ("", stream(REQUESTED), f"{HMAC_VARIABLE} is empty"),
    "no hex": ("xyz1", stream(REQUESTED), f"{HMAC_VARIABLE} is not hex"),
    "nothing": ("00", b"", "standard input"),
    "no Arrow": ("00", b"what is this? no Arrow stream at all", "standard input"),
    "cut": ("00", stream(PLAIN.schema, PLAIN)[:-40], "standard input"),
    "no column": ("00", stream(UNNAMED.schema, UNNAMED), "column uid is missing"),
    "plain text": ("00", stream(PLAIN.schema, PLAIN), "column uid is Utf8, not text coded"),
    "null": ("00", stream(NULLS.schema, NULLS), "column uid has nulls"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_of_the_program_is_one_sentence(case: str) -> None:
    secret, given, said = BAD[case]
    environment = {name: value for name, value in os.environ.items() if name != HMAC_VARIABLE}
    if secret is not None:
        environment[HMAC_VARIABLE] = secret
    arguments = ["--application-id=a", "--app-display-version=1", "--app-channel=c"]
    done = subprocess.run(
        [rust_program(glean.REGISTRY), "--requests", *arguments],
        input=given,
        env=environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert said in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1
    assert done.stdout == b""


def test_a_registry_that_the_program_does_not_fit_is_told_by_the_compiler(tmp_path: Path) -> None:
    renamed = tmp_path / "metrics.yaml"
    text = glean.REGISTRY.files[0].read_text(encoding="utf-8")
    renamed.write_text(text.replace("  platform:", "  client_platform:"), encoding="utf-8")
    with pytest.raises(BadInput, match=r"cargo cannot build .*syncstorage_platform"):
        rust_program(Registry((renamed, glean.REGISTRY.files[1])))


def test_the_command_prints_what_it_built() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dauexp", "build", "rust"], capture_output=True, check=True
    )
    built = [rust_program(glean.REGISTRY), custom_rust_program(), rust_library()]
    assert len(set(built)) == 3
    assert done.stdout.decode().splitlines() == list(map(str, built))
    assert done.stderr == b""


def test_a_run_with_either_emitter_gives_the_same_answers(small: Scenario, tmp_path: Path) -> None:
    assert_same_answers(small, "glean", tmp_path)
