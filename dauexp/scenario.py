"""A scenario: all parameters of a run, typed, frozen and validated; TOML in and out."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import tomli_w
from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails

from dauexp import ownfiles, tomltext
from dauexp.errors import BadInput
from dauexp.faults import Faults
from dauexp.parameters import Parameters, parameter
from dauexp.settings import Experiments, Glean, Identity, InfluxDB, Report, Statsd, Thresholds
from dauexp.traffic.parameters import Traffic

PATHS: Final = ("glean.registry", "questions", "traffic.trace", "identity.secret_file")
"""Keys whose values are paths. One that is relative, in a file, is looked for beside that file."""


class Scenario(Parameters):
    """All parameters of a run."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")] = parameter(
        "default",
        "short name, used in the name of the run's folder",
        source="the name of the preset",
    )
    seed: int = parameter(
        1, "decides everything that is random", ge=0, lt=2**63, source="any will do"
    )
    strategies: tuple[str, ...] = parameter(
        (),
        "what is compared, as OPTION or OPTION:STRATEGY; none named means all there are",
        source="the whole comparison",
    )
    questions: Path | None = parameter(
        None,
        "folder of questions of one's own, a folder each, asked beside those of the catalogue",
        source="those of the catalogue",
    )
    traffic: Traffic = Traffic()
    identity: Identity = Identity()
    faults: Faults = Faults()
    glean: Glean = Glean()
    statsd: Statsd = Statsd()
    influxdb: InfluxDB = InfluxDB()
    experiments: Experiments = Experiments()
    report: Report = Report()
    thresholds: Thresholds = Thresholds()
    plugins: dict[str, dict[str, Any]] = parameter(
        {},
        "parameters of options that are plug-ins, a table for each, validated by the plug-in",
        source="there are none",
    )

    def __hash__(self) -> int:
        return hash(self.digest)

    def to_toml(self) -> str:
        """The whole scenario, defaults included, as TOML; `None` is left out."""
        return tomli_w.dumps(self.model_dump(mode="json", exclude_none=True))

    @property
    def digest(self) -> str:
        """SHA-256 of the parameters in hex: equal scenarios have equal digests. Of folders of one's
        own, their contents count. Raises BadInput where these cannot be read."""
        contents = {kind: Path(ownfiles.digest(kind, own)) for kind, own in self.own.items()}
        return hashlib.sha256(self.placed(contents).to_toml().encode()).hexdigest()

    @property
    def own(self) -> dict[str, Path]:
        """The folders of files of a service's own that are named, by kind (`ownfiles.KINDS`)."""
        named = {"registry": self.glean.registry, "questions": self.questions}
        return {kind: folder for kind, folder in named.items() if folder is not None}

    def placed(self, own: Mapping[str, Path]) -> Scenario:
        """The same scenario with its folders of files of one's own in other places, by kind."""
        if not own:
            return self
        glean = self.glean.model_copy(update={"registry": own.get("registry")})
        return self.model_copy(update={"glean": glean, "questions": own.get("questions")})

    def keep_own(self, folder: Path) -> Scenario:
        """Copies the files of one's own into a folder, and gives the scenario that names the
        copies."""
        for kind, own in self.own.items():
            ownfiles.keep(kind, own, folder / kind)
        return self.placed({kind: folder / kind for kind in self.own})


def load(source: str | Path | None = None, changes: Sequence[str] = ()) -> Scenario:
    """The scenario of a file or a preset's name (default: `default`), with `KEY=VALUE` changes.

    A value is TOML (`traffic.users=1000`, `report.notebooks=["01_traffic"]`); what is no TOML is
    taken as text. Raises BadInput where a file is missing, a key unknown or a value out of range.
    """
    name = str(source or "default")
    path = tomltext.find(name, "scenarios", "scenario")
    values = tomltext.read(path)
    _look_beside(path, values)
    for change in changes:
        key, value = parsed(change)
        try:
            _put(values, key, value)
        except BadInput as error:
            raise BadInput(f"--set {tomltext.short(change)}: {error}") from error
    try:
        return Scenario.model_validate(values)
    except ValidationError as error:
        raise BadInput(f"{path.name}: {_sentence(error.errors()[0])}") from error


def changed(scenario: Scenario, values: Mapping[str, Any]) -> Scenario:
    """The scenario with other values of some dotted keys. Raises BadInput as `load` does."""
    tree = scenario.model_dump(exclude_none=True)
    for key, value in values.items():
        _put(tree, key, value)
    try:
        return Scenario.model_validate(tree)
    except ValidationError as error:
        raise BadInput(f"{scenario.name}: {_sentence(error.errors()[0])}") from error


def presets() -> list[str]:
    """The names of the scenarios that come with the package."""
    return tomltext.presets("scenarios")


def parsed(change: str) -> tuple[str, Any]:
    """The key and the value of a change, `KEY=VALUE`. Raises BadInput where it is none."""
    key, equals, text = change.partition("=")
    if not equals or not key.strip():
        raise BadInput(
            f"--set {tomltext.short(change)}: give KEY=VALUE, for example traffic.users=1000"
        )
    if key.count(".") >= tomltext.MAX_DEPTH:
        raise BadInput(f"--set {tomltext.short(change)}: no key has so many parts")
    try:
        values = tomltext.loads(f"value = {text}")
    except tomltext.NotToml:
        return key.strip(), text
    return key.strip(), values["value"] if len(values) == 1 else text


def _look_beside(path: Path, values: dict[str, Any]) -> None:
    """Lets relative paths in a file's values lead from its folder, where there is such a thing."""
    for key in PATHS:
        *groups, last = key.split(".")
        table: Any = values
        for group in groups:
            table = table.get(group) if isinstance(table, dict) else None
        value = table.get(last) if isinstance(table, dict) else None
        if isinstance(value, str) and _exists(path.parent / value):
            table[last] = str((path.parent / value).resolve())


def _exists(path: Path) -> bool:
    """Whether there is such a file or folder; of a name that none can have, there is none."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _put(values: dict[str, Any], key: str, value: object) -> None:
    *groups, last = key.split(".")
    table = values
    for group in groups:
        table = table.setdefault(group, {})
        if not isinstance(table, dict):
            raise BadInput(f"{tomltext.shown(group)} is a value, not a group of keys")
    table[last] = value


def _sentence(detail: ErrorDetails) -> str:
    where = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        near = difflib.get_close_matches(where, list(keys()), n=1, cutoff=0.5)
        known = f"; did you mean {near[0]}?" if near else ""
        return f"{tomltext.shown(where)}: unknown key{known}"
    message = detail["msg"].removeprefix("Value error, ")
    value = detail["input"]
    given = "" if isinstance(value, dict) else f" (given: {tomltext.short(value)})"
    return f"{tomltext.shown(where)}: {message[0].lower()}{message[1:]}{given}"


def keys(group: type[Parameters] = Scenario, prefix: str = "") -> Iterator[str]:
    """All keys of a scenario, dotted, in the order of the file."""
    for name, field in group.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, Parameters):
            yield from keys(inner, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"
