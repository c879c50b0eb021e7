"""Which queries may be compared: those of questions that everybody compared can be asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence


def shared(rows: Sequence[Mapping[str, Hashable]]) -> list[bool]:
    """Of each query, whether every strategy compared can be asked its question in its language.

    `rows` have option, strategy, question and language; compared in a language are the strategies
    that can be asked anything in it. A mean over all queries of a strategy flatters one that can
    only be asked what is easy; one over shared questions is of the same questions for all.
    """
    compared, asked = defaultdict(set), defaultdict(set)
    for row in rows:
        who = (row["option"], row["strategy"])
        compared[row["language"]].add(who)
        asked[row["language"], row["question"]].add(who)
    return [asked[row["language"], row["question"]] == compared[row["language"]] for row in rows]
