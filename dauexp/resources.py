"""Where the files that travel with the package are: `data/` and `notebooks/`."""

from __future__ import annotations

from pathlib import Path

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
