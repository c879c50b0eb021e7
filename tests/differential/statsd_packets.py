"""Packets made from a seed: all kinds, several lines and values, both styles of tags, mistakes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

NAMES = ("requests", "sync.get", "sync.get.bytes", "users")
NAME_TAGS = ("az", "zone")
DOG_TAGS = ("env", "shard")
EXACT_RATES = ("", "", "", "|@1", "|@0.5", "|@0.25", "|@0.125")

Maker = Callable[[Random], str]


def bucket(random: Random, kind: str) -> str:
    """A name, a kind of its own for each, and often tags in it, sorted by key."""
    tags = [f",{key}={random.choice('abc')}" for key in NAME_TAGS if random.random() < 0.4]
    return f"{kind}.{random.choice(NAMES)}{''.join(tags)}"


def dog_tags(random: Random) -> str:
    """Often DogStatsD tags, sorted by key."""
    tags = [f"{key}:{random.choice('xyz')}" for key in DOG_TAGS if random.random() < 0.5]
    return f"|#{','.join(tags)}" if tags and random.random() < 0.4 else ""


def counter(random: Random) -> str:
    """A counter, often sampled, sometimes down."""
    value = random.choice(("1", "1", "1", "7", "-2", "+3", "120"))
    return f"{bucket(random, 'c')}:{value}|c{random.choice(EXACT_RATES)}{dog_tags(random)}"


def set_member(random: Random) -> str:
    """A member of a set, or a few."""
    return f"{bucket(random, 's')}:user{random.randrange(400)}|s{dog_tags(random)}"


def gauge(random: Random) -> str:
    """A gauge, set or changed."""
    value = f"{random.choice(('', '', '+', '-'))}{random.uniform(0, 50):.3f}"
    return f"{bucket(random, 'g')}:{value}|g{dog_tags(random)}"


def timing(random: Random) -> str:
    """A timing, often sampled."""
    value = f"{random.lognormvariate(3, 1):.2f}"
    return f"{bucket(random, 't')}:{value}|ms{random.choice(EXACT_RATES)}{dog_tags(random)}"


def histogram(random: Random) -> str:
    """A histogram, which is a timing by another name."""
    return f"{bucket(random, 'h')}:{random.randrange(1000)}|h{dog_tags(random)}"


def several_values(random: Random) -> str:
    """Values of one name, each after a colon."""
    values = ":".join(f"{random.randrange(1, 9)}|c" for _ in range(random.randrange(2, 5)))
    return f"{bucket(random, 'v')}:{values}"


BROKEN_EVERYWHERE = ("nonsense", "requests:", "requests:1", "requests:x|c", "a.b:1.2.3|g", "t:y|ms")
"""What no StatsD server takes."""

BROKEN_VARIOUSLY = (
    "requests:1|q",
    "requests:1|",
    "requests:|c",
    "users:+x|s",
    "users:-x|s",
    "t:-4|ms",
    "a:1|c|0.5",
    "a:1|c|@",
    "a:1|c|@x",
    "a:1|c|@0",
    "a:1|c|@0.3",
    "a:1|c|@-0.5",
    "a:1|c|@2",
    "a:1|ms|@2",
    "a:2.9|c",
    "a:-2.9|c",
    "a:1e3|c",
    "a:1_000|c",
    "a:1_0.5|g",
    "a:.5|g",
    "a:5.|g",
    "a:1|c:x|c:5|c",
    "a:1|c:2|q:5|c",
    "a b:1|c",
    " a:1|c ",
    "a,x:1|c",
    "e,x=:1|c",
    "a,=x:1|c",
    "a,x=1=2:1|c",
    "a..b:1|c",
    ".a.:1|c",
    "a: 1|c",
    "a:1 |c",
    "a:1|c|#x:y",
    "a:1|c|#x",
    "a:1|c|#x,y",
    "a:1|c|#x,y:z",
    "a:1|c|#x:,y",
    "a:1|c|#",
    "a:1|c|#x:y|@0.5",
    "a:1|c|c:container|#x:y",
    "a:1|s|@0.1",
    "a:|s",
    "d:3|d",
    "é:1|c",
    "u:é|s",
)
"""What servers differ about, and what Telegraf and the embedded aggregator must not."""


def packets(seed: int, count: int, makers: Sequence[Maker]) -> list[bytes]:
    """Packets of one line or a few, each line by one of the makers."""
    random = Random(seed)
    made = []
    for _ in range(count):
        lines = [random.choice(makers)(random) for _ in range(random.choice((1, 1, 1, 1, 2, 3, 8)))]
        made.append("\n".join(lines).encode())
    return made


def one_of(lines: Sequence[str]) -> Maker:
    """Makes one of the lines."""
    return lambda random: random.choice(lines)
