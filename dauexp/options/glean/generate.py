"""The server code that glean_parser generates from the registry: made at run time, kept in a cache.

It is never edited and never committed. A folder of the cache is named after the digest of the
registry and of glean_parser's version, so what is there is never out of date.
"""

from __future__ import annotations

import importlib.util
import io
import sys
import tempfile
from contextlib import redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import Any

from dauexp.cache import cache_folder
from dauexp.errors import BadInput
from dauexp.ingest.registry import Registry

MODULE = "server_events.py"


def python_module(registry: Registry) -> Path:
    """The file of the generated Python module, made now if it is not in the cache.

    Raises BadInput where glean_parser or glinter finds the registry wrong, or the cache cannot be
    written.
    """
    folder = cache_folder("glean") / f"python_server-{registry.digest[:32]}"
    if not (folder / MODULE).is_file():
        try:
            _generate(registry, folder)
        except OSError as error:
            raise BadInput(
                f"{folder.parent}: generated code cannot be written there ({error.strerror}): "
                "set XDG_CACHE_HOME to a folder that can be written"
            ) from error
    return folder / MODULE


def write_rust_module(registry: Registry, folder: Path) -> None:
    """Generates the Rust module `server_events.rs` into a folder that is there.

    Raises BadInput where glean_parser or glinter finds the registry wrong.
    """
    from glean_parser import rust_server  # noqa: PLC0415 - takes a second to import

    rust_server.output_rust(_clean_objects(registry), folder, {})


def load(path: Path) -> ModuleType:
    """Loads a generated module as a module of its own, which no other code shares."""
    name = f"dauexp_generated_{path.parent.name.replace('-', '_')}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise BadInput(f"{path}: is no Python module; remove it, and it is generated again")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def nits(registry: Registry) -> str:
    """What glinter finds wrong with a registry, as text; empty where it finds nothing."""
    from glean_parser import lint  # noqa: PLC0415 - takes a second to import

    told = io.StringIO()
    failed = lint.glinter(list(registry.files), {}, told)
    return told.getvalue().strip() if failed else ""


def _generate(registry: Registry, folder: Path) -> None:
    """Generates beside `folder` and renames: a folder that is there is whole, and of two processes
    at once the second finds the first one's."""
    from glean_parser import python_server  # noqa: PLC0415 - takes a second to import

    objects = _clean_objects(registry)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".new-") as beside:
        made = Path(beside) / "module"
        made.mkdir()
        with redirect_stdout(sys.stderr):  # where it says what it leaves out
            python_server.output_python(objects, made, {})
        try:
            made.rename(folder)
        except OSError:
            if not (folder / MODULE).is_file():
                raise


def _clean_objects(registry: Registry) -> Any:
    """What glean_parser's generators take, of a registry with which glinter finds nothing wrong."""
    objects = registry.objects()
    wrong = nits(registry)
    if wrong:
        raise BadInput(f"{', '.join(map(str, registry.files))}: {' '.join(wrong.split())}")
    return objects
