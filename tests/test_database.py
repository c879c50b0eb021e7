"""The database as it is opened everywhere: also in a notebook's kernel."""

from __future__ import annotations

import nbformat
import pytest
from nbclient import NotebookClient

from dauexp.database import connect, to_duckdb
from dauexp.errors import BadInput


def test_a_connection_is_in_utc() -> None:
    with connect() as duck:
        assert duck.execute("SELECT current_setting('TimeZone')").fetchone() == ("UTC",)


def test_a_connection_opens_in_a_notebook() -> None:
    source = "from dauexp.database import connect\nconnect().close()"
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "source": source}
    content = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    NotebookClient(nbformat.from_dict(content), timeout=120).execute()  # type: ignore[no-untyped-call] # nbformat has none


def test_parameters_of_a_query_are_found() -> None:
    statement, names = to_duckdb("SELECT @one + @two AS three")
    assert names == {"one", "two"}
    assert "$one" in statement


@pytest.mark.parametrize("query", ["", "SELECT 1; SELECT 2", "nonsense ("])
def test_what_is_not_one_statement_of_bigquery_is_refused(query: str) -> None:
    with pytest.raises(BadInput):
        to_duckdb(query)
