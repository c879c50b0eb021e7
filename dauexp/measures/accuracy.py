"""How far each answer is from the truth."""

from __future__ import annotations

import pyarrow as pa

from dauexp.database import connect

_COMPARE = """
WITH asked AS (
    SELECT DISTINCT option, strategy, question, variant, language FROM answers
)
SELECT asked.option, asked.strategy, asked.question, asked.variant, asked.language,
       truth.day, truth.segment,
       CASE WHEN answers.day IS NULL AND truth.segment <> 'all' THEN 0
            ELSE answers.value END AS answer,
       truth.value AS truth,
       CASE WHEN truth.value > 0 THEN answer / truth.value - 1
            WHEN answer = 0 THEN 0 END AS relative_error
FROM asked
JOIN truth USING (question)
LEFT JOIN answers USING (option, strategy, question, variant, language, day, segment)
ORDER BY ALL
"""

_UNASKED = """
SELECT DISTINCT option, strategy, question, variant, language, day, segment
FROM answers ANTI JOIN truth USING (question, day, segment)
ORDER BY ALL
"""


def accuracy(answers: pa.Table, truth: pa.Table) -> pa.Table:
    """Signed relative error of each answer, from the tables `ANSWERS` and `TRUTH`.

    One row per option, strategy, question, variant, language, day and segment of the truth, with
    `answer` and `truth` in the question's unit and `relative_error` as a fraction: answer / truth
    - 1, null where the query gave nothing, or where only the truth is 0. A segment that a query
    leaves out counts as answered with 0, as GROUP BY does.
    """
    with connect() as duck:
        duck.register("answers", answers)
        duck.register("truth", truth)
        return duck.sql(_COMPARE).to_arrow_table()


def beside_the_truth(answers: pa.Table, truth: pa.Table) -> pa.Table:
    """The rows of `answers` whose day or segment `truth` does not have: there should be none."""
    with connect() as duck:
        duck.register("answers", answers)
        duck.register("truth", truth)
        return duck.sql(_UNASKED).to_arrow_table()


_SUMMARY = """
SELECT option, strategy, question, variant, language, segment,
       count(*) AS days,
       count(relative_error) AS days_answered,
       avg(relative_error) AS mean_relative_error,
       min(relative_error) AS lowest_relative_error,
       max(relative_error) AS highest_relative_error,
       max(abs(relative_error)) AS worst_absolute_error,
FROM accuracy
GROUP BY ALL
ORDER BY ALL
"""


def summary(accuracy: pa.Table) -> pa.Table:
    """Mean, lowest, highest and worst relative error over the days, from the table of `accuracy`.

    One row per query and segment; `days` is how many there are and `days_answered` how many have an
    error; errors are fractions.
    """
    with connect() as duck:
        duck.register("accuracy", accuracy)
        return duck.sql(_SUMMARY).to_arrow_table()
