"""The process that fuzzes one target: `python -m tests.fuzz.engine TARGET ARGUMENTS...`.

It is started by `python -m tests.fuzz`, with libFuzzer's arguments, and ends with libFuzzer. Where
there is no atheris (it is compiled for Linux on x86-64 alone), hypothesis makes the inputs instead:
as many, of the same words, but not guided by what the code does with them.
"""

from __future__ import annotations

import importlib.util
import sys
from itertools import count

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

INSTRUMENTED = ["dauexp", "tomllib"]
"""The packages whose branches guide the fuzzer: ours, and the parser of TOML, which is Python."""

GUIDED = importlib.util.find_spec("atheris") is not None
"""Whether coverage guides it."""


def guided(name: str, arguments: list[str]) -> None:
    """Fuzzes by libFuzzer, whose arguments these are; does not return."""
    import atheris

    with atheris.instrument_imports(include=INSTRUMENTED):
        from tests.fuzz.targets import TARGETS
    atheris.Setup([sys.argv[0], *arguments], TARGETS[name].check)
    atheris.Fuzz()


def unguided(name: str, runs: int) -> None:
    """Fuzzes by hypothesis: the corpus, then so many inputs of bytes and of words."""
    from tests.fuzz import corpus
    from tests.fuzz.targets import TARGETS

    target = TARGETS[name]
    for kept in (*corpus.seeds(name), *corpus.found(name)):
        target.check(kept)
    executed = count()
    words = st.sampled_from([word.encode() for word in target.tokens])
    pieces = st.lists(words | st.binary(max_size=8), max_size=40).map(b"".join)
    kept_ones = st.sampled_from([*corpus.seeds(name), *corpus.found(name)])
    changed = st.tuples(kept_ones, st.integers(0, target.longest), pieces).map(
        lambda parts: parts[0][: parts[1]] + parts[2] + parts[0][parts[1] + 1 :]
    )

    @settings(
        max_examples=runs,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(pieces | changed)
    def check(data: bytes) -> None:
        next(executed)
        target.check(data)

    check()
    print(f"stat::number_of_executed_units: {next(executed)}")


def main() -> None:
    """Fuzzes the target that the command line names."""
    name, *arguments = sys.argv[1:]
    if GUIDED:
        guided(name, arguments)
    (runs,) = (int(each.partition("=")[2]) for each in arguments if each.startswith("-runs="))
    unguided(name, runs)


if __name__ == "__main__":
    main()
