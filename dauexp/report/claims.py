"""The claims of the decision record, and what a run says of each."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dauexp.errors import BadInput
from dauexp.report.frames import Frames
from dauexp.report.rules import Comparison, NotMeasured, compared, parsed, tables
from dauexp.resources import resource

Verdict = Literal["supported", "refuted", "mixed", "open", "cannot be measured here"]
VERDICTS: tuple[Verdict, ...] = (
    "supported",
    "refuted",
    "mixed",
    "open",
    "cannot be measured here",
)


class _Entry(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid")


class ClaimTest(_Entry):
    """One comparison that holds if the claim is right."""

    what: str = Field(min_length=1)
    """What is compared, in words."""
    holds: str
    """The comparison, in the language of `dauexp.report.rules`."""
    unit: Literal["", "%", "bytes", "cores", "documents", "lines", "questions"] = ""
    """The unit of both sides; `%` shows fractions as percent."""
    if_measured: bool = False
    """Whether a run that did not measure it leaves it out of the verdict."""

    @model_validator(mode="after")
    def _parses(self) -> Self:
        try:
            parsed(self.holds)
        except BadInput as error:
            raise ValueError(str(error)) from error
        return self


class Claim(_Entry):
    """A pro or con of an option, or a driver of the decision."""

    id: str = Field(pattern=r"^([ABC][+-]|driver-)[1-9][0-9]*$")
    text: str = Field(min_length=1)
    tests: tuple[ClaimTest, ...] = ()
    cannot: str = ""
    """Why no run can measure it; else empty."""

    @property
    def kind(self) -> Literal["pro", "con", "driver"]:
        """Whether it speaks for an option, against it, or for what a decision should weigh."""
        return "driver" if self.id.startswith("driver") else "pro" if self.id[1] == "+" else "con"

    @property
    def letter(self) -> str:
        """The letter of the option that it is about; empty for a driver."""
        return "" if self.kind == "driver" else self.id[0]

    @model_validator(mode="after")
    def _decided(self) -> Self:
        if bool(self.tests) == bool(self.cannot):
            raise ValueError(f"{self.id}: give either tests, or `cannot` with the reason")
        return self


class Record(_Entry):
    """The decision record that made the claims."""

    title: str
    place: str
    version: str
    chosen: str


class Claims(_Entry):
    """The file `data/claims.toml`."""

    record: Record
    claim: tuple[Claim, ...]

    @model_validator(mode="after")
    def _unique(self) -> Self:
        ids = [claim.id for claim in self.claim]
        twice = {each for each in ids if ids.count(each) > 1}
        if twice:
            raise ValueError(f"{min(twice)}: two claims have this id")
        return self


@dataclass(frozen=True)
class Evidence:
    """What a run says to one test of a claim."""

    test: ClaimTest
    comparison: Comparison | None
    """None where the run did not measure it."""
    missing: str
    """What the run lacks; else empty."""


@dataclass(frozen=True)
class Judged:
    """A claim with its evidence and its verdict."""

    claim: Claim
    verdict: Verdict
    evidence: tuple[Evidence, ...]

    @property
    def needs(self) -> list[str]:
        """The tables that its tests ask."""
        return list(dict.fromkeys(t for test in self.claim.tests for t in tables(test.holds)))


@cache
def claims() -> Claims:
    """All claims, in the order of the record. Raises BadInput where the file is wrong."""
    path = resource("data", "claims.toml")
    try:
        return Claims.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise BadInput(f"{path.name}: {error}") from error


def judged(run: Frames, those: Sequence[Claim] | None = None) -> list[Judged]:
    """Every claim with what the tables of a run say of it.

    All tests of a claim hold: supported; none: refuted; some: mixed. What the run did not measure
    leaves the claim open, unless it counts only if measured.
    """
    return [_judge(claim, run) for claim in (claims().claim if those is None else those)]


def _judge(claim: Claim, run: Frames) -> Judged:
    evidence = tuple(_evidence(test, run) for test in claim.tests)
    return Judged(claim, _verdict(claim, evidence), evidence)


def _evidence(test: ClaimTest, run: Frames) -> Evidence:
    try:
        return Evidence(test, compared(test.holds, run), "")
    except NotMeasured as missing:
        return Evidence(test, None, str(missing))


def _verdict(claim: Claim, evidence: Sequence[Evidence]) -> Verdict:
    if claim.cannot:
        return "cannot be measured here"
    held = [each.comparison.holds for each in evidence if each.comparison is not None]
    missing = [each for each in evidence if each.comparison is None]
    if not held or not all(each.test.if_measured for each in missing):
        return "open"
    return "supported" if all(held) else "mixed" if any(held) else "refuted"


def shown(evidence: Evidence) -> str:
    """What was measured and what the claim needs: `20 lines, needs > 71: does not hold`."""
    comparison, unit = evidence.comparison, evidence.test.unit
    if comparison is None:
        return f"not measured: {evidence.missing}"
    left, right = _side(comparison.left, unit), _side(comparison.right, unit)
    named = f"{left} {unit}" if unit not in {"", "%"} else left
    holds = "holds" if comparison.holds else "does not hold"
    return f"{named}, needs {comparison.sign} {right}: {holds}"


def _side(value: float, unit: str) -> str:
    if unit == "%":
        return f"{100 * value:.4g} %"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:.3g}"
