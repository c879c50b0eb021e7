"""The data review request: made by glean_parser from the registry, with our answers put in.

`python -m dauexp.options.glean.review FILE` writes it.
"""

from __future__ import annotations

import io
import re
import sys
import tomllib
from contextlib import redirect_stdout
from pathlib import Path
from typing import Final

from dauexp.errors import BadInput
from dauexp.ingest.registry import Registry
from dauexp.options.glean import FOLDER, REGISTRY
from dauexp.store import replacing

ANSWERS: Final = FOLDER / "data_review.toml"

_HEADING = f"""# Data review request

<!-- Made by `make registry` from metrics.yaml and {ANSWERS.name}: change those. -->

"""
_UNANSWERED = re.compile(
    r"^(\d+)\.((?:(?!^\d+\.).)*)^TODO: Fill this in\.$", re.MULTILINE | re.DOTALL
)


def data_review(registry: Registry = REGISTRY, answers: Path = ANSWERS) -> str:
    """The request as Markdown.

    Raises BadInput where no metric has the bug, a question has no answer, or an answer no question.
    """
    from glean_parser import data_review as generator  # noqa: PLC0415 - takes a second to import

    given = tomllib.loads(answers.read_text(encoding="utf-8"))
    printed = io.StringIO()
    with redirect_stdout(printed):
        failed = generator.generate(given["bug"], list(registry.files[:1]))
    if failed:
        raise BadInput(f"{registry.files[0]}: {' '.join(printed.getvalue().split())}")
    left = dict(given["answers"])

    def answered(question: re.Match[str]) -> str:
        number, text = question.groups()
        if number not in left:
            raise BadInput(f"{answers}: question {number} has no answer")
        return f"{number}.{text}{left.pop(number).strip()}"

    request = _UNANSWERED.sub(answered, printed.getvalue())
    if left:
        raise BadInput(f"{answers}: no such question to answer: {', '.join(left)}")
    return _HEADING + request.strip() + "\n"


if __name__ == "__main__":
    with replacing(Path(sys.argv[1])) as beside:
        beside.write_text(data_review(), encoding="utf-8")
