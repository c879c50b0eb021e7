"""The contract of an option as a suite of tests, for the authors of options.

    from dauexp.testing import OptionContract

    class TestMyOption(OptionContract):
        chosen = ["myoption"]

pytest does the rest: each promise is tested for each strategy, on one small run of a few hundred
users that all tests share. `register_assert_rewrite("dauexp.testing")` of pytest, in a conftest.py,
makes it say more where one is broken.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from dauexp import ledger
from dauexp.database import to_duckdb
from dauexp.locking import locked
from dauexp.measures.accuracy import beside_the_truth
from dauexp.options import Contender, contenders, laws_of
from dauexp.questions import Query, catalogue, queries
from dauexp.results import finished, result
from dauexp.run import check, run
from dauexp.scenario import Scenario, load
from dauexp.tables import LEDGER, MESSAGES
from dauexp.traffic.source import Simulated

SMALL: Final = (
    "traffic.users=300",
    "traffic.days=29",
    "traffic.block_users=160",
    "experiments.run=[]",
    "report.notebooks=[]",
)
"""Changes to the preset `quick`: a few hundred users in two blocks, on faultless channels."""


class Temporary(Protocol):
    """What is used of pytest's `tmp_path_factory`."""

    def getbasetemp(self) -> Path:
        """The folder of the session."""


@contextmanager
def shared(temporary: Temporary, name: str) -> Iterator[Path]:
    """A folder that all processes of a session of tests have, held by one of them at a time."""
    base = temporary.getbasetemp()
    top = base.parent if base.name.startswith("popen-") else base
    with locked(top / f"{name}.lock"):
        yield top / name


def run_once(scenario: Scenario, temporary: Temporary) -> Path:
    """The finished run of a scenario, made once for all processes of a session of tests."""
    with shared(temporary, "small") as folder:
        return run(scenario, folder, processes=1)


class OptionContract:
    """What each strategy of an option promises. Make a subclass whose name begins with `Test`."""

    chosen: ClassVar[Sequence[str]] = ()
    """What is tested, as OPTION or OPTION:STRATEGY; none named means all that are installed."""
    changes: ClassVar[Sequence[str]] = ()
    """Changes to the scenario, KEY=VALUE, such as the parameters of a plug-in."""

    @classmethod
    def scenario(cls) -> Scenario:
        """The scenario of the run."""
        strategies = [f"strategies={list(cls.chosen)!r}"] if cls.chosen else []
        return load("quick", [*SMALL, *strategies, *cls.changes])

    def pytest_generate_tests(self, metafunc: Any) -> None:
        """Each test for each strategy; those of SQL queries for each query."""
        every = contenders(self.chosen)
        if "query" in metafunc.fixturenames:
            pairs = list(_sql(every, self.scenario()))
            names = [f"{contender.label}/{query.path.name}" for contender, query in pairs]
            metafunc.parametrize(("contender", "query"), pairs, ids=names)
        elif "contender" in metafunc.fixturenames:
            metafunc.parametrize("contender", every, ids=[each.label for each in every])

    def test_one_message_a_request_in_the_given_form(self, contender: Contender) -> None:
        """The table `MESSAGES`: an arrival at the time of the request, and no line end."""
        scenario = self.scenario()
        batch = next(iter(Simulated(scenario).batches(0, 0))).observations
        messages = contender.strategy(scenario).emit(batch)
        assert messages.schema.equals(MESSAGES)
        messages.validate(full=True)
        if contender.strategy.generation == ledger.SAMPLING:
            batch = batch.filter(pc.is_in(batch["ordinal"], value_set=messages["ordinal"]))
            assert len(batch)
        assert messages["ordinal"].equals(batch["ordinal"])
        assert messages["arrival"].equals(batch["time"])
        assert messages["host"].cast(pa.string()).equals(batch["host"].cast(pa.string()))
        assert not pc.any(pc.ends_with(messages["wire"], b"\n")).as_py()

    def test_every_question_is_answered_or_said_to_be_impossible(
        self, contender: Contender, tmp_path_factory: Temporary
    ) -> None:
        """A file for each question and language; a reason is a sentence; no answer is beside the
        days and segments of the truth."""
        strategy = contender.strategy(self.scenario())
        files = queries(strategy.queries)
        assert {query.question for query in files} == set(catalogue())
        for query in files:
            if not query.possible:
                assert len(query.text.split()) >= 10, f"{query.path}: say why, in a sentence"
        for question in catalogue():
            languages = {query.language for query in files if query.question == question}
            assert languages == ({""} if "" in languages else set(strategy.languages)), question
        folder = run_once(self.scenario(), tmp_path_factory)
        mine = result(folder, "answers").filter(_of(contender))
        asked = {query.question for query in files if query.language == "sql" and query.possible}
        assert set(mine["question"].to_pylist()) == asked
        assert not beside_the_truth(mine, result(folder, "truth")).num_rows
        assert pc.any(pc.greater(mine["value"], 0)).as_py()

    def test_what_claims_to_be_exact_is_and_what_does_not_errs(
        self, contender: Contender, tmp_path_factory: Temporary
    ) -> None:
        """Where nothing goes wrong, `exact` strategies give the truth, on every day and segment."""
        mine = result(run_once(self.scenario(), tmp_path_factory), "accuracy")
        mine = mine.filter(_of(contender))
        right = pc.equal(mine["answer"], mine["truth"]).fill_null(fill_value=False)
        assert pc.all(right).as_py() == contender.strategy.exact

    def test_sql_is_bigquery_and_names_known_parameters_only(
        self, contender: Contender, query: Query
    ) -> None:
        """The days, the settings of the strategy, and requests per user of the earlier period."""
        _, names = to_duckdb(query.text)
        assert {"first_day", "last_day"} <= names
        settings = contender.strategy(self.scenario()).settings.keys()
        constants = names - {"first_day", "last_day"} - settings
        assert all(name.startswith("requests_per_user_") for name in constants)

    def test_the_ledger_balances_and_has_every_day(
        self, contender: Contender, tmp_path_factory: Temporary
    ) -> None:
        """Every law holds, and no day is without requests."""
        folder = run_once(self.scenario(), tmp_path_factory)
        check(folder, [contender])
        entries = result(folder, "ledger").filter(_of(contender))
        generated = entries.filter(pc.field("account") == "generated")
        assert pc.count_distinct(generated["day"]).as_py() == self.scenario().traffic.days

    def test_all_saw_the_same_requests(self, tmp_path_factory: Temporary) -> None:
        """The digests of the streams of requests are equal."""
        digests = finished(run_once(self.scenario(), tmp_path_factory))["requests_digest"]
        assert set(digests) == {contender.label for contender in contenders(self.chosen)}
        assert len(set(digests.values())) == 1

    def test_a_request_less_on_either_side_unbalances_the_ledger(
        self, contender: Contender, tmp_path_factory: Temporary
    ) -> None:
        """The laws leave no gap: whatever is lost breaks two of them, before and after."""
        key = (contender.option.id, contender.strategy.name)
        laws = laws_of([contender])[key]
        mine = result(run_once(self.scenario(), tmp_path_factory), "ledger").filter(_of(contender))
        for account in ("emitted", "delivered"):
            entries = mine.to_pylist()
            row = next(row for row in entries if row["account"] == account)
            row["count"] -= 1
            broken = ledger.violations(pa.Table.from_pylist(entries, LEDGER), {key: laws})
            assert len(broken) == 2, account
            assert {violation.day for violation in broken} == {row["day"]}

    def test_no_raw_id_and_no_secret_is_stored(
        self, contender: Contender, tmp_path_factory: Temporary
    ) -> None:
        """Neither is found in any table of the strategy's store."""
        found = result(run_once(self.scenario(), tmp_path_factory), "privacy").filter(
            _of(contender)
        )
        assert found.num_rows
        assert pc.min(found["ids_searched"]).as_py() > 100
        assert not pc.sum(found["raw_ids_found"]).as_py()
        assert not pc.sum(found["secrets_found"]).as_py()


def _of(contender: Contender) -> pc.Expression:
    """The rows of a contender in a table of a run."""
    option, strategy = pc.field("option"), pc.field("strategy")
    return (option == contender.option.id) & (strategy == contender.strategy.name)


def _sql(every: Sequence[Contender], scenario: Scenario) -> Iterator[tuple[Contender, Query]]:
    for contender in every:
        for query in queries(contender.strategy(scenario).queries):
            if query.language == "sql" and query.possible:
                yield contender, query
