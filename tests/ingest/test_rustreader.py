"""What the Rust decoder is told and how it is built, with a cargo and a rustc that only pretend."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dauexp.errors import BadInput
from dauexp.ingest.decoder import Decoder, decoder
from dauexp.ingest.rustreader import CRATE, rust_library, schema
from dauexp.options.glean import REGISTRY, GleanEvents
from dauexp.rustbuild import library
from dauexp.scenario import load

CARGO = """#!/bin/sh
echo "$*" >> "$PRETENCE/builds"
while [ "$1" != --target-dir ]; do shift; done
/bin/mkdir -p "$2/release"
echo "a program" > "$2/release/emitter"
echo "a library" > "$2/release/libdauexp_reader.so"
echo "a library" > "$2/release/libdauexp_reader.dylib"
"""


@pytest.fixture
def pretence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, the PATH's first, with a cargo and a rustc that pretend."""
    folder = tmp_path / "pretence"
    folder.mkdir()
    for name, text in (("cargo", CARGO), ("rustc", "#!/bin/sh\necho rustc 1.2.3\n")):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PRETENCE", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def builds(pretence: Path) -> list[str]:
    file = pretence / "builds"
    return file.read_text().splitlines() if file.exists() else []


def test_the_form_keeps_no_address_and_no_unknown_key(option_a: Decoder) -> None:
    told = schema(option_a.form)
    definitions = told["$defs"]
    fields = definitions["Fields"]["properties"]
    assert fields["ip_address"]["anyOf"][0] == {"type": "string", "writeOnly": True}
    assert fields["document_namespace"]["enum"] == ["syncstorage"]
    assert fields["payload"]["contentSchema"] == {"$ref": "#/$defs/Ping"}
    assert set(definitions["string"]["properties"]) == {
        f"syncstorage.{name}"
        for name in ("hashed_fxa_uid", "hashed_device_id", "platform", "device_family")
    }
    objects = [each for each in definitions.values() if "properties" in each]
    assert len(objects) >= 7
    assert all(each["additionalProperties"] is False for each in objects)


def test_the_form_knows_an_application_by_both_its_names() -> None:
    told = schema(decoder(REGISTRY, "events", "sync-storage").form)
    fields = told["$defs"]["Fields"]["properties"]
    assert fields["document_namespace"]["enum"] == ["sync-storage", "sync_storage"]


def test_the_library_is_built_once(pretence: Path) -> None:
    built = rust_library()
    assert built.read_text() == "a library\n"
    assert built.name == library("dauexp_reader").file
    assert rust_library() == built
    (build,) = builds(pretence)
    assert "--lib" in build.split()
    assert not (CRATE.source / "target").exists()


@pytest.mark.parametrize(
    ("changes", "built"),
    [
        ([], 0),
        (["glean.emitter=rust"], 1),
        (["glean.decoder=rust"], 1),
        (["glean.emitter=rust", "glean.decoder=rust"], 2),
    ],
)
def test_a_run_builds_beforehand_what_it_needs(
    pretence: Path, changes: list[str], built: int
) -> None:
    for _ in range(2):
        GleanEvents(load("quick", changes)).prepare()
        assert len(builds(pretence)) == built


def test_no_cargo_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(BadInput) as told:
        Decoder(REGISTRY, "events", "syncstorage", "rust").reader  # noqa: B018 -- it is made now
    assert str(told.value) == (
        "the Rust decoder needs cargo and rustc on the PATH: install Rust, or set glean.decoder to "
        '"python"'
    )
