"""Our code and its peers, side by side in one run: a table for each subject, in Markdown.

    python -m benchmarks.peers                              # all subjects
    python -m benchmarks.peers traffic distinct --size 0.1  # some, on less

Every way of a subject does the same work in each round, in turn; medians, lowest and highest; the
ratio is of the CPU seconds of the same round. Answers are held together before a time counts. The
subject `ingestion` needs cargo, `aggregation` Go and Node.js.
"""

from __future__ import annotations

import argparse

from benchmarks.peers import aggregation, distinct, ingestion, notebooks, traffic
from benchmarks.peers.sides import in_turn, markdown

SUBJECTS = {
    "traffic": traffic.subject,
    "ingestion": ingestion.subject,
    "aggregation": aggregation.subject,
    "distinct": distinct.subject,
    "notebooks": notebooks.subject,
}


def main() -> None:
    """Runs the subjects and prints a table for each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help=", ".join(SUBJECTS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--size", type=float, default=1.0)
    options = parser.parse_args()
    unknown = set(options.subjects) - SUBJECTS.keys()
    if unknown:
        parser.error(f"no subject {min(unknown)!r}: give any of {', '.join(SUBJECTS)}")
    for name in options.subjects or SUBJECTS:
        with SUBJECTS[name](options.size) as subject:
            print(markdown(in_turn(subject, options.rounds)), flush=True)


if __name__ == "__main__":
    main()
