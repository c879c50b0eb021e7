"""What the lock says of itself, and what the installed packages say of themselves.

Whether a version has a known vulnerability is not in the lock: `make audit` asks an advisory
service. What is known without asking is that the lock can bring no other file than was locked, and
under which licence each package is.
"""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

LOCKS = ("requirements.lock", "requirements-oldest.lock")

PERMITTED = re.compile(
    r"Apache|BSD|CC0|ISC|MIT|MPL|Mozilla Public|PSF|Python Software Foundation|Zlib", re.IGNORECASE
)
"""Licences under which a package may be used and shipped along with one under MPL 2.0."""
FORBIDDEN = re.compile(r"\b[AL]?GPL|General Public|Proprietary|Commercial", re.IGNORECASE)

SAFE_SINCE = {
    "jinja2": "3.1.6",  # a sandbox that text could leave
    "jupyterlab": "4.4.8",  # links in notebooks that gave away the opener
    "pyarrow": "14.0.1",  # unpickled extension types out of a file
    "urllib3": "2.6.3",  # decompression without bound, redirects that could not be switched off
}
"""Versions since which no vulnerability was known when the floor was set, where one was before."""


def locked(checkout: Path, name: str) -> dict[str, Requirement]:
    """The packages of a lock, each at its version, as far as they are for this interpreter."""
    lines = (checkout / name).read_text(encoding="utf-8").splitlines()
    heads = [line.removesuffix("\\").strip() for line in lines if line and line[0] not in " #"]
    found = [Requirement(head) for head in heads]
    return {
        canonicalize_name(each.name): each
        for each in found
        if each.marker is None or each.marker.evaluate()
    }


def version_of(requirement: Requirement) -> Version:
    """The one version that an entry of a lock allows."""
    (only,) = requirement.specifier
    assert only.operator == "=="
    return Version(only.version)


def licence_of(installed: Distribution) -> str:
    """What a package says of its licence: in its metadata, or else in the head of its licence."""
    metadata = installed.metadata.json
    kinds = [each for each in metadata.get("classifier", []) if each.startswith("License")]
    own = str(metadata.get("license_expression") or metadata.get("license", "")).split("\n")[0]
    if not own and not kinds:
        files = [each for each in installed.files or () if each.name.startswith("LICENSE")]
        kinds = [" ".join(each.read_text()[:200].split()) for each in files]
    return "; ".join([own, *kinds])


@pytest.fixture(scope="module")
def project(checkout: Path) -> dict[str, Any]:
    return tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_one_version_of_each_package_and_its_files_by_hash(
    checkout: Path, lock: str
) -> None:
    text = (checkout / lock).read_text(encoding="utf-8")
    assert not re.search(r"^\s*-[^-]| @ |://", text, re.MULTILINE)
    assert set(re.findall(r"--[a-z-]+", text)) == {"--hash"}
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(entries) > 100
    assert [each.splitlines()[0] for each in entries if "--hash=sha256:" not in each] == []
    assert all(version_of(each) for each in locked(checkout, lock).values())


def test_what_is_installed_is_what_is_locked(checkout: Path) -> None:
    """So what the tests say, they say of the versions in the lock."""
    other = {}
    for name, each in locked(checkout, "requirements.lock").items():
        try:
            there = distribution(name).version
        except PackageNotFoundError:
            there = "nothing"
        if there == "nothing" or Version(there) != version_of(each):
            other[name] = f"{there} in place of {version_of(each)}"
    assert other == {}


def test_each_locked_package_has_a_licence_that_may_be_used(checkout: Path) -> None:
    unknown = {}
    for name in locked(checkout, "requirements.lock"):
        said = licence_of(distribution(name))
        if not PERMITTED.search(said) or FORBIDDEN.search(said):
            unknown[name] = said
    assert unknown == {}


@pytest.mark.parametrize("said", ["GPL-3.0-or-later", "LGPLv3", "AGPL", "Proprietary", ""])
def test_a_licence_that_may_not_be_used_is_found(said: str) -> None:
    assert not PERMITTED.search(said) or FORBIDDEN.search(said)


@pytest.mark.parametrize("lock", LOCKS)
def test_no_locked_version_is_older_than_what_is_safe(checkout: Path, lock: str) -> None:
    found = locked(checkout, lock)
    assert SAFE_SINCE.keys() <= found.keys()
    unsafe = {
        name: str(version_of(found[name]))
        for name, version in SAFE_SINCE.items()
        if version_of(found[name]) < Version(version)
    }
    assert unsafe == {}


def test_every_dependency_has_a_floor_and_the_oldest_lock_is_at_it(
    checkout: Path, project: dict[str, Any]
) -> None:
    oldest = locked(checkout, "requirements-oldest.lock")
    asked = [Requirement(each) for each in project["project"]["dependencies"]]
    floors = {canonicalize_name(each.name): each.specifier for each in asked}
    assert [name for name, floor in floors.items() if [f.operator for f in floor] != [">="]] == []
    higher = {
        name: f"{version_of(oldest[name])}, though {floor} is asked for"
        for name, floor in floors.items()
        if not same_release(version_of(oldest[name]), Version(next(iter(floor)).version))
    }
    assert higher == {}


def same_release(found: Version, floor: Version) -> bool:
    """Whether a version is of the release that a floor names: 2.0.3 is of 2, not of 2.1."""
    return found.epoch == floor.epoch and found.release[: len(floor.release)] == floor.release
