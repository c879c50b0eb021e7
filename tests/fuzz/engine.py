"""The process that fuzzes one target: `python -m tests.fuzz.engine TARGET ARGUMENTS...`.

It is started by `python -m tests.fuzz`, with libFuzzer's arguments, and ends with libFuzzer. Where
there is no atheris (it is compiled for Linux on x86-64 alone), hypothesis makes the inputs instead:
as many, of the same words, but not guided by what the code does with them, nor limited in memory.
"""

from __future__ import annotations

import importlib.util
import signal
import sys
import time
from itertools import count

from tests.fuzz import corpus

INSTRUMENTED = ["dauexp", "tomllib"]
"""The packages whose branches guide the fuzzer: ours, and the parser of TOML, which is Python."""

SECONDS_EACH = 10
"""Longest time for one input, by the clock on the wall: longer, it hangs."""
CPU_SECONDS_EACH = 0.5
"""Longest time of the processor for one input. Most take less than a millisecond: what grows with
the square of the length shows."""

GUIDED = importlib.util.find_spec("atheris") is not None
"""Whether coverage guides it."""


def guided(name: str, arguments: list[str]) -> None:
    """Fuzzes by libFuzzer, whose arguments these are; does not return."""
    import atheris

    with atheris.instrument_imports(include=INSTRUMENTED):
        from tests.fuzz.targets import TARGETS
    check = TARGETS[name].check
    for seed in corpus.seeds(name):  # what is made once is made before time is taken
        check(seed)

    def timed(data: bytes) -> None:
        started = time.process_time()
        check(data)
        took = time.process_time() - started
        assert took < CPU_SECONDS_EACH, f"took {took:.1f} s of the processor"

    atheris.Setup([sys.argv[0], *arguments], timed)
    atheris.Fuzz()


def unguided(name: str, runs: int) -> None:
    """Fuzzes by hypothesis: the corpus, then so many inputs of bytes and of words."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import strategies as st

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
        signal.alarm(SECONDS_EACH)  # which ends the process
        try:
            target.check(data)
        finally:
            signal.alarm(0)

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
