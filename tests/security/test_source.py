"""What no code here may do: run text as code, unpickle, guess a YAML loader, use a shell, listen to
the world. Read from the syntax trees, so that a new place fails until it is removed or explained.
"""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

EXPLAINED = {
    ("dauexp/experiments/mutation/processes.py", "exec"): "runs the package's own emitter with a "
    "mistake made in its text, which is what the experiment tries; no input reaches it",
    ("dauexp/experiments/mutation/processes.py", "compile"): "as exec",
}
"""The places that do it all the same, each with its reason."""

FORBIDDEN_CALLS = {
    "eval": "runs text",
    "exec": "runs text",
    "compile": "makes code of text",
    "__import__": "imports what text names",
    "os.system": "uses a shell",
    "os.popen": "uses a shell",
    "subprocess.getoutput": "uses a shell",
    "subprocess.getstatusoutput": "uses a shell",
    "asyncio.create_subprocess_shell": "uses a shell",
    "tempfile.mktemp": "gives a name that another may take first",
    "pd.read_pickle": "unpickles",
    "pandas.read_pickle": "unpickles",
    "yaml.load": "makes objects of what the text says, unless told otherwise",
    "yaml.load_all": "as yaml.load",
    "yaml.full_load": "as yaml.load",
    "yaml.unsafe_load": "makes objects of what the text says",
}
FORBIDDEN_METHODS = {"read_pickle", "to_pickle", "enable_unsafe_deserialization"}
FORBIDDEN_MODULES = {
    *("cloudpickle", "dill", "joblib", "jsonpickle", "marshal", "pickle", "shelve"),
    *("ftplib", "telnetlib", "xml", "lxml"),
}
FORBIDDEN_KEYWORDS = {
    ("allow_pickle", True),
    ("allow_unsigned_extensions", True),
    ("shell", True),
    ("verify", False),
    ("verify_ssl", False),
}


def name_of(node: ast.expr) -> str:
    """The dotted name of what is called, as far as it is one."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    return ""


def forbidden(source: str) -> Iterator[str]:
    """What a Python source does that no code here may do, by name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name.partition(".")[0] for alias in node.names]
            yield from (name for name in names if name in FORBIDDEN_MODULES)
        elif isinstance(node, ast.ImportFrom):
            top = (node.module or "").partition(".")[0]
            yield from [top] if top in FORBIDDEN_MODULES else []
            called = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name for name in called if name in FORBIDDEN_CALLS)
        elif isinstance(node, ast.Call):
            name = name_of(node.func)
            method = name.rpartition(".")[2]
            if name in FORBIDDEN_CALLS or ("." in name and method in FORBIDDEN_METHODS):
                yield name
            for keyword in node.keywords:
                value = keyword.value
                if isinstance(value, ast.Constant) and (
                    (keyword.arg, value.value) in FORBIDDEN_KEYWORDS
                ):
                    yield f"{keyword.arg}={value.value!r}"


def bound(source: str) -> Iterator[str]:
    """The addresses that a Python source binds sockets to, as they are written."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and name_of(node.func).rpartition(".")[2] == "bind":
            where = node.args[0] if node.args else None
            yield ast.unparse(where.elts[0] if isinstance(where, ast.Tuple) else node)


def sources(checkout: Path) -> dict[str, str]:
    """All code that a user may run, by path: modules, examples, notebooks' cells."""
    found = {}
    for top in ("dauexp", "examples", "deploy", "benchmarks"):
        for path in (checkout / top).rglob("*.py"):
            found[path.relative_to(checkout).as_posix()] = path.read_text(encoding="utf-8")
    for path in (checkout / "notebooks").glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        found[path.relative_to(checkout).as_posix()] = "\n".join(code)
    return found


def test_no_code_does_what_is_forbidden_but_where_it_is_explained(checkout: Path) -> None:
    every = sources(checkout)
    assert len(every) > 100
    assert any(name.endswith(".ipynb") for name in every)
    found = {(path, what) for path, source in every.items() for what in forbidden(source)}
    assert found == EXPLAINED.keys()


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("eval('1')", "eval"),
        ("def f():\n    exec(text)", "exec"),
        ("__import__(name)", "__import__"),
        ("import pickle", "pickle"),
        ("from pickle import loads", "pickle"),
        ("import xml.etree.ElementTree as ET", "xml"),
        ("from yaml import load", "yaml.load"),
        ("yaml.load(text, Loader=yaml.Loader)", "yaml.load"),
        ("pd.read_pickle(path)", "pd.read_pickle"),
        ("frame.to_pickle(path)", "frame.to_pickle"),
        ("np.load(path, allow_pickle=True)", "allow_pickle=True"),
        ("subprocess.run(text, shell=True)", "shell=True"),
        ("os.system(text)", "os.system"),
        ("Client(url, verify_ssl=False)", "verify_ssl=False"),
        ("tempfile.mktemp()", "tempfile.mktemp"),
    ],
)
def test_what_is_forbidden_is_found(source: str, what: str) -> None:
    assert list(forbidden(source)) == [what]


@pytest.mark.parametrize(
    "source",
    [
        "re.compile(pattern)",
        "ast.literal_eval(text)",
        "yaml.safe_load(text)",
        "np.load(path)",
        "subprocess.run(command, shell=False)",
        "frame.eval",
    ],
)
def test_what_is_allowed_is_not_found(source: str) -> None:
    assert list(forbidden(source)) == []


def test_sockets_are_bound_to_loopback_alone(checkout: Path) -> None:
    found = {where for source in sources(checkout).values() for where in bound(source)}
    assert "LOOPBACK" in found
    assert found <= {"LOOPBACK", "'127.0.0.1'"}
    assert list(bound("s.bind(('', 8125))\ns.bind(address)")) == ["''", "s.bind(address)"]


def test_compose_publishes_its_ports_on_loopback_alone(checkout: Path) -> None:
    text = (checkout / "deploy" / "compose.yaml").read_text(encoding="utf-8")
    published = re.findall(r"^\s+- (\S+:\d+(?:/udp)?)$", text, flags=re.MULTILINE)
    assert len(published) >= 3
    assert [each for each in published if not each.startswith("127.0.0.1:")] == []


def test_the_rules_of_bandit_are_on_and_each_exception_has_its_reason(checkout: Path) -> None:
    """Ruff's rules S are flake8-bandit's. `make lint` runs them; this sees that none is off without
    a word."""
    text = (checkout / "pyproject.toml").read_text(encoding="utf-8")
    lint = tomllib.loads(text)["tool"]["ruff"]["lint"]
    assert lint["select"] == ["ALL"]
    off = [rule for rule in lint["ignore"] if re.fullmatch(r"S\d*", rule)]
    off += [
        rule
        for rules in lint["per-file-ignores"].values()
        for rule in rules
        if re.fullmatch(r"S\d*", rule)
    ]
    assert off
    for rule in off:
        assert re.search(rf'^\s*"{rule}", +# \w+', text, flags=re.MULTILINE), rule


def test_each_exception_in_code_has_its_reason(checkout: Path) -> None:
    for path in (checkout / "tests").rglob("*.py"):
        for line in path.read_text(encoding="utf-8").splitlines():
            assert without_reason(line) is None, path
    for name, source in sources(checkout).items():
        for line in source.splitlines():
            assert without_reason(line) is None, name


def without_reason(line: str) -> str | None:
    """The exception from a rule of security that a line takes without saying why."""
    found = re.search(r"#\s*noqa:\s*((?:[A-Z]+\d+[, ]*)*)(.*)$", line)
    if not found or not re.search(r"\bS\d", found[1]):
        return None
    return None if re.match(r"-+ \w+", found[2].strip()) else found[0]


def test_an_exception_without_a_reason_is_found() -> None:
    line = "run(x)  # no" + "qa: {}"
    assert without_reason(line.format("S102")) is not None
    assert without_reason(line.format("PLW1510, S602")) is not None
    assert without_reason(line.format("S102 - it is there to be run")) is None
    assert without_reason(line.format("SLF001")) is None
