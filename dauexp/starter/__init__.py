"""`dauexp init`: a starter project for a service of one's own, that runs as it is written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from dauexp.errors import BadInput
from dauexp.ingest.names import snake_case

TEMPLATES: Final = Path(__file__).parent / "templates"

_DASHED, _SNAKE = "my-service", "my_service"
"""How the templates name the service: in ids, and in the names of metrics, tables and packets."""

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST = 30


def write(folder: Path, name: str | None = None) -> list[Path]:
    """Writes the project of the service `name`, by default that of the folder, and gives its files.

    Raises BadInput where the folder holds anything, cannot be written, or names no service.
    """
    chosen = folder.resolve().name if name is None else name
    service = snake_case(chosen).replace("_", "-")
    if not _NAME.fullmatch(service) or len(service) > _LONGEST or name not in (None, service):
        raise BadInput(
            f"{chosen!r} is no name of a service: give --name of lower-case letters, digits and "
            f"dashes, a letter first, {_LONGEST} at most"
        )
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise BadInput(f"{folder}: is not empty; give a new folder")
        return [_write(template, folder, service) for template in templates()]
    except OSError as error:
        raise BadInput(f"{folder}: cannot be written: {error.strerror}") from error


def templates() -> list[Path]:
    """The files of the project, as templates."""
    return sorted(path for path in TEMPLATES.rglob("*") if path.is_file())


def _write(template: Path, folder: Path, service: str) -> Path:
    text = template.read_text(encoding="utf-8")
    text = text.replace(_DASHED, service).replace(_SNAKE, snake_case(service))
    path = folder / template.relative_to(TEMPLATES)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
