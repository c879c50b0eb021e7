"""Where the files that travel with the package are: `data/` and `notebooks/`."""

from __future__ import annotations

from pathlib import Path

from dauexp.errors import BadInput

_PACKAGE = Path(__file__).resolve().parent


def resource(*parts: str) -> Path:
    """The path of a file or folder below `data/` or `notebooks/`.

    In an installed wheel they lie in the package as `_data` and `_notebooks`; in a checkout they
    are at the top level.

    Raises FileNotFoundError where there is no such file.
    """
    top, *rest = parts
    installed = _PACKAGE / f"_{top}"
    base = installed if installed.is_dir() else _PACKAGE.parent / top
    path = base.joinpath(*rest)
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist: the package is not installed whole")
    return path


def notebook_names() -> list[str]:
    """The names of the notebooks that come with the package, in reading order."""
    return sorted(path.stem for path in resource("notebooks").glob("*.ipynb"))


def notebook_file(name: str) -> Path:
    """The file of a notebook. Raises BadInput for a name that there is not."""
    known = notebook_names()
    if name not in known:
        raise BadInput(f"there is no notebook {name!r}: give one of {', '.join(known)}")
    return resource("notebooks", f"{name}.ipynb")
