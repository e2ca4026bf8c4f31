"""What the code names without SQLAlchemy, the fields of its row types, are the columns that the metadata says."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlalchemy import Table

from projections.rules.counting.batch_changes import FactRow, FormerFactRow, LedgerRow, Rejects, UnitRow
from projections.rules.counting.grants import GrantRow
from projections.rules.counting.plans import DeclarationRow, TargetRow
from projections.rules.hierarchy.as_now_terms import Term
from projections.rules.hierarchy.unit import UnitStatement
from projections.store.batch import copying, verdicts
from projections.store.rebuilding import generation_schema
from projections.store.rebuilding.comparing.compared_tables import COUNTED_APART, VERIFIED
from projections.store.schema import tables


@pytest.mark.parametrize(
    ("table", "fields"),
    [
        (tables.LEDGER, copying.LEDGER),
        (tables.VERDICT, verdicts.COLUMNS),
        (tables.FACT, FactRow._fields),
        (tables.FORMER_FACT, (*FormerFactRow._fields, "held_at", "retracted_at")),
        (tables.TARGET, TargetRow._fields),
        (tables.DECLARATION, DeclarationRow._fields),
        (tables.ACCESS_GRANT, GrantRow._fields),
        (tables.STATEMENT, UnitStatement._fields),
        (tables.AS_NOW_TERM, Term._fields),
        (tables.PUBLISHER_REJECTS, Rejects._fields),
    ],
)
def test_a_row_type_has_the_columns_of_its_table(table: Table, fields: Sequence[str]) -> None:
    assert tuple(fields) == tuple(table.columns.keys())


def test_a_message_with_what_became_of_it_is_a_row_of_the_ledger_and_one_of_its_verdict() -> None:
    ledger, verdict = set(tables.LEDGER.columns.keys()), set(tables.VERDICT.columns.keys())
    assert set(LedgerRow.__struct_fields__) == ledger | verdict
    assert ledger & verdict == {"position"}


def test_a_unit_is_written_with_all_columns_that_do_not_begin_empty() -> None:
    assert set(UnitRow._fields) == {each.name for each in tables.UNIT.columns if each.server_default is None}


def test_a_comparison_covers_every_column_of_every_table_of_a_generation() -> None:
    of_tables = [each for each in VERIFIED if each.table != COUNTED_APART]
    assert {each.table for each in of_tables} == set(tables.GENERATION.tables)
    for each in of_tables:
        left = set(tables.GENERATION.tables[each.table].columns.keys()) - {*each.key, *each.values}
        # Compared by id, taken apart, and looked at with what it says of years.
        otherwise = {"unit": {"no"}, "running_sum": {"sums"}, "breakdown": {"summed"}}
        otherwise["as_now_past"] = {"repairs", "rules"}  # of others nobody reads a row
        assert left == otherwise.get(each.table, set()), each.table


def test_what_is_filled_at_one_go_are_tables_of_a_generation() -> None:
    assert {*generation_schema.BULK, generation_schema.SEARCHED} <= set(tables.GENERATION.tables)
