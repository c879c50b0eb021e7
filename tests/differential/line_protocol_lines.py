"""Lines of line protocol made from a seed: points that collide, escapes, conflicts of type, limits
of numbers, and lines that are none."""

from __future__ import annotations

from random import Random

DAY = 1_700_000_000_000_000_000
"""A time, in nanoseconds, in the middle of one of InfluxDB's shards, which are weeks."""

MEASUREMENTS = ("cpu", "disk\\ used", "a\\,b", "eq=ual", 'quo"te', "back\\slash", "ünï")
TAG_KEYS = ("host", "ta\\ g", "k\\=ey", "c\\,d", "ü", "back\\slash")
TAG_VALUES = ("a", "b", "two\\ words", "x\\,y", "p\\=q", 'quo"te', "é", "back\\slash", "0")
FIELD_KEYS = ("value", "f\\ 1", "g\\,h", "i\\=j", "ö", "text")
VALUES = (
    *("1", "1.5", "-0", "+3", ".5", "5.", "1e10", "-1E-7", "1.7976931348623157e308", "5e-324"),
    *("1i", "-7i", "0i", "9223372036854775807i", "-9223372036854775808i"),
    *("t", "T", "true", "True", "TRUE", "f", "F", "false", "False", "FALSE"),
    *('"x"', '""', '"two words"', '"a,b=c"', '"quo\\"te"', '"back\\\\slash"', '"back\\slash"'),
    *('"é"', '"line\nend"', '"tab\tin"', '"trailing\\\\"', '"1"', '"=,= "'),
)
BROKEN = (
    "",
    " ",
    "# a comment",
    "cpu",
    "cpu ",
    "cpu,host=a",
    "cpu value",
    "cpu value=",
    "cpu value=x",
    "cpu value=1x",
    "cpu value=i",
    "cpu value=1.5i",
    "cpu value=--1",
    "cpu value=1e",
    "cpu value=e1",
    "cpu value=0x10",
    "cpu value=1_000",
    "cpu value=nan",
    "cpu value=inf",
    "cpu value=tRUE",
    "cpu value=tr",
    "cpu value=.",
    "cpu value=+",
    "cpu value=1e400",
    "cpu value=9223372036854775808i",
    "cpu value=-9223372036854775809i",
    'cpu value="x',
    'cpu value=x"',
    "cpu value=1,",
    "cpu value=1,,text=2",
    "cpu ,value=1",
    "cpu =1",
    "cpu value==1",
    "cpu value=1=2",
    "cpu, value=1",
    "cpu,host value=1",
    "cpu,host= value=1",
    "cpu,=a value=1",
    "cpu,host=a, value=1",
    "cpu,host=a,,dc=b value=1",
    "cpu,host=a=b value=1",
    "cpu,host=a,host=b value=1",
    ",host=a value=1",
    " cpu value=1 1700000000000000000",
    "cpu  value=1 1700000000000000000",
    "cpu value=1  1700000000000000000",
    "cpu value=1 1700000000000000000 ",
    "cpu value=1 x",
    "cpu value=1 1.5",
    "cpu value=1 -",
    "cpu value=1 17000000000000000000",
    "cpu value=1 1700000000000000000 1",
    "cpu value=1\t1700000000000000000",
    "cpu\tvalue=1",
    "cpu,host=a\tb value=1 1700000000000000000",
    "cpu,time=a value=1 1700000000000000000",
    "cpu time=1 1700000000000000000",
    "cpu time=1,value=2 1700000000000000001",
    "cpu,host=a\\ value=1 1700000000000000000",
    "cpu\\ value=1 1700000000000000000",
    "cpu,host=a value\\=1 1700000000000000000",
    "cpu value=1,value=2 1700000000000000002",
    'cpu value=1,value="x" 1700000000000000003',
    'cpu value="x\\"',
    'cpu value="x\\\\',
    "\tcpu \tvalue=1i \t1700000000000000000",
    "cpu value=1i\r",
    "cpu,host=a=b\\=c value=1i",
    'cpu \\"f\\"=1 1700000000000000000',
    "cpu back\\\\=1",
    "cpu back\\\\,=1",
)
"""What is wrong, or looks so; InfluxDB decides."""


def lines(seed: int, count: int) -> list[str]:
    """Lines, in the order in which they are to be written."""
    random = Random(seed)
    return [_line(random) for _ in range(count)]


def _line(random: Random) -> str:
    if random.random() < 0.1:
        return random.choice(BROKEN)
    keys = random.sample(TAG_KEYS, random.choice((0, 0, 1, 1, 2)))
    tags = [f",{key}={random.choice(TAG_VALUES)}" for key in keys]
    names = random.sample(FIELD_KEYS, random.choice((1, 1, 2, 3)))
    fields = [f"{name}={_value(random, name)}" for name in names]
    time = DAY + random.randrange(40)
    return f"{random.choice(MEASUREMENTS)}{''.join(tags)} {','.join(fields)} {time}"


def _value(random: Random, name: str) -> str:
    """Mostly of the type that belongs to the field, so that not all is conflict."""
    if random.random() < 0.2:
        return random.choice(VALUES)
    return random.choice(VALUES[10:15] if name in {"value", "g\\,h"} else VALUES[25:])


def series(seed: int, count: int, most: int) -> list[str]:
    """Lines of up to so many series of two tags, some of them often."""
    random = Random(seed)
    return [
        f"m{random.randrange(2)},user=u{random.randrange(most)},zone=z{random.randrange(9)} "
        f"value={random.randrange(9)}i {DAY + random.randrange(1000)}"
        for _ in range(count)
    ]
