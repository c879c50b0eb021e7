"""Fuzzes the parsers of outside input, and says how many inputs each took.

    python -m tests.fuzz --runs 100000                   # all targets, so many inputs in all
    python -m tests.fuzz lines packets --runs 100000     # some of them
    python -m tests.fuzz --runs 10000000 --keep          # and keep what was found in the corpus

It is guided by coverage: atheris, which is libFuzzer, or hypothesis without that guidance where
there is no atheris. An input that breaks a target is written to `--findings`, told with its reason,
and the exit code is 1. The counts are the fuzzer's own.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.fuzz import corpus, engine
from tests.fuzz.targets import TARGETS

MEBIBYTES = 2048
"""Most memory of a fuzzing process: what grows with the number of inputs hits it."""
REPORTED = 20
"""Lines of a failed run's end that are shown."""


class Outcome(NamedTuple):
    """What came of fuzzing one target."""

    target: str
    runs: int
    seconds: float
    edges: int
    """Branches of our code that were taken."""
    mebibytes: int
    """Most memory that it took."""
    corpus: int
    """Inputs that are worth keeping."""
    failure: str
    """The end of what it said when it broke; empty where nothing did."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the targets one after the other; the exit code."""
    given = _arguments(arguments)
    names = given.targets or [*TARGETS]
    parts = sum(TARGETS[name].share for name in names)
    given.findings.mkdir(parents=True, exist_ok=True)
    outcomes = []
    print("guided by coverage" if engine.GUIDED else "no atheris here: inputs by hypothesis")
    _row("target", "inputs", "seconds", "per second", "edges", "MiB", "corpus", "outcome")
    for name in names:
        runs = -(-given.runs * TARGETS[name].share // parts)
        outcome = fuzz(name, runs, given.findings, given.seed, keep=given.keep)
        outcomes.append(outcome)
        _row(
            *(name, f"{outcome.runs:,}", f"{outcome.seconds:.0f}"),
            *(f"{outcome.runs / outcome.seconds:,.0f}", outcome.edges, outcome.mebibytes),
            *(outcome.corpus, "broke" if outcome.failure else "held"),
        )
        if outcome.failure:
            print(outcome.failure, flush=True)
    seconds = sum(each.seconds for each in outcomes)
    broke = sum(bool(each.failure) for each in outcomes)
    inputs = sum(each.runs for each in outcomes)
    print(f"{inputs:,} inputs in {seconds:.0f} s: {broke} of {len(outcomes)} targets broke")
    return 1 if broke else 0


def fuzz(name: str, runs: int, findings: Path, seed: int, *, keep: bool) -> Outcome:
    """Gives a target so many inputs, those of the corpus first."""
    with tempfile.TemporaryDirectory(prefix="dauexp-fuzz-") as scratch:
        pool, temporary = Path(scratch, "pool"), Path(scratch, "tmp")
        temporary.mkdir()
        corpus.unpack([*corpus.seeds(name), *corpus.found(name)], pool)
        words = Path(scratch, "words")
        words.write_text("".join(f"{_word(each)}\n" for each in TARGETS[name].tokens))
        started = time.monotonic()
        ended = _engine(
            name,
            temporary,
            str(pool),
            f"-runs={runs}",
            f"-seed={seed}",
            f"-dict={words}",
            f"-artifact_prefix={findings}/{name}-",
            "-print_final_stats=1",
        )
        seconds = time.monotonic() - started
        said = ended.stderr + ended.stdout
        if keep:
            corpus.keep(name, set(corpus.packed(pool)) - set(corpus.seeds(name)))
        return Outcome(
            name,
            _last(r"stat::number_of_executed_units: (\d+)", said) or _last(r"^#(\d+)\t", said),
            seconds,
            _last(r" cov: (\d+) ", said),
            _last(r"stat::peak_rss_mb: +(\d+)", said),
            len(list(pool.iterdir())),
            "" if ended.returncode == 0 else "\n".join(said.splitlines()[-REPORTED:]),
        )


def _engine(name: str, temporary: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.fuzz.engine", name, *arguments]
    command += [f"-max_len={TARGETS[name].longest}", f"-timeout={engine.SECONDS_EACH}"]
    command += [f"-rss_limit_mb={MEBIBYTES}"]
    return subprocess.run(
        command,
        check=False,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "TMPDIR": str(temporary)},
    )


def _word(token: str) -> str:
    """A token as a line of libFuzzer's dictionary."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in token.encode()) + '"'


def _last(pattern: str, text: str) -> int:
    found = re.findall(pattern, text, re.MULTILINE)
    return int(found[-1]) if found else 0


def _row(name: str, *cells: object) -> None:
    print(f"{name:14}" + "".join(f"{cell!s:>12}" for cell in cells), flush=True)


def _arguments(arguments: Iterable[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--runs", type=int, default=100_000, help="inputs in all")
    parser.add_argument("--seed", type=int, default=1, help="of the fuzzer")
    parser.add_argument("--keep", action="store_true", help="keep what was found in the corpus")
    parser.add_argument("--findings", type=Path, default=Path("runs/fuzz"), help="folder")
    given = parser.parse_args(list(arguments) if arguments is not None else None)
    for name in given.targets:
        if name not in TARGETS:
            parser.error(f"no target {name!r}: there are {', '.join(TARGETS)}")
    return given


if __name__ == "__main__":
    sys.exit(main())
