"""What is compared between two generations: each table's rows by a key in which a unit is its id, not its number."""

from __future__ import annotations

from typing import Final, NamedTuple

from projections.rules.counting.batch_changes import FormerFactRow
from projections.rules.counting.grants import GrantRow
from projections.rules.counting.periods import YEAR_BASE
from projections.rules.counting.plans import DeclarationRow, TargetRow
from projections.rules.hierarchy.as_now_terms import Term
from projections.rules.hierarchy.unit import UnitStatement
from projections.store.batch import verdicts
from projections.store.running_sql import taken_apart, whole

_DAY_NUMBER: Final = """CASE WHEN isfinite(t.day) THEN t.day - DATE 'epoch' WHEN t.day > DATE 'epoch' THEN 2147483647
    ELSE -2147483648 END"""
# Of a unit that has running sums in one of the two alone (0048), what it has on its days is compared.
_RUNNING_IN_ONE: Final = """
SELECT one.no FROM {own}.unit AS one JOIN {other}.unit AS two USING (id) WHERE one.running <> two.running
"""
_RUNNING_ALIKE: Final = f"t.unit NOT IN ({_RUNNING_IN_ONE})"
_COUNTED_APART: Final = f"""(
    SELECT unit, period, measure, n FROM {{own}}.counter WHERE period < {YEAR_BASE} AND n <> 0
    UNION ALL SELECT * FROM ({taken_apart("{own}.running_sum")}) AS apart WHERE period < {YEAR_BASE}
)"""
_PERIOD_DIGEST: Final = "hashint8extended(t.period::bigint << 8 | t.measure, t.n)"
_LARGE_IN_BOTH: Final = """
t.unit IN (SELECT one.no FROM {own}.unit AS one JOIN {other}.unit AS two USING (id) WHERE one.large AND two.large)
"""


COUNTED_APART: Final = "counted"
"""What is compared of units that only one of two generations has running sums of; between others there is nothing."""


class ComparedTable(NamedTuple):
    """A table: the columns that name a row, those that it says, which of them are units, which rows say something.

    A NULL in a column that ``may_lack`` says nothing: it is like whatever the other generation has there.
    ``units`` begins with the unit that a row is about, if it is about one. Rows of a table with a ``digest`` are looked
    at one by one only in units in which the sums of these hashes differ. What it says is in its own rows, or is made of
    them by ``rows``; a digest is of its own rows, or of those of ``digested``.
    """

    table: str
    key: tuple[str, ...]
    values: tuple[str, ...]
    units: tuple[str, ...] = ()
    where: str = "true"
    digest: str | None = None
    may_lack: tuple[str, ...] = ()
    rows: str = ""
    digested: str = ""

    def source(self, own: str) -> str:
        """Write what gives the rows of the generation in a schema."""
        return self.rows.format(own=own) or f"{own}.{self.table}"

    def digest_source(self, own: str) -> str:
        """Write what gives the rows that are digested."""
        return self.digested.format(own=own) or f"{own}.{self.table}"


COMPARED: Final = (
    ComparedTable(
        "unit",
        ("id",),
        ("established", "since", "dissolved", "successor", "name", "level", "parked_own", "parked_below"),
        ("no", "successor"),
    ),
    ComparedTable(
        "statement",
        UnitStatement._fields[:1],
        UnitStatement._fields[1:],
        ("unit", "parent", "successor"),
    ),
    ComparedTable("edge", ("unit", "since"), ("until", "parent"), ("unit", "parent")),
    ComparedTable("unit_name", ("unit", "since"), ("until", "name", "folded"), ("unit",)),
    ComparedTable("unit_level", ("unit", "since"), ("until", "level"), ("unit",)),
    ComparedTable("as_now_term", Term._fields, (), ("unit", "part")),
    ComparedTable("target", TargetRow._fields[:1], TargetRow._fields[1:], ("unit",)),
    ComparedTable("declaration", DeclarationRow._fields[:1], DeclarationRow._fields[1:], ("unit",)),
    ComparedTable("access_grant", GrantRow._fields[:1], GrantRow._fields[1:], ("unit",)),
    ComparedTable(
        "fact",
        ("position", "measure"),
        ("unit", "day", "facets", "person"),
        ("unit",),
        digest=f"hashint8extended(t.position << 8 | t.measure, hashint8extended(t.facets, {_DAY_NUMBER}))"
        " # coalesce(hashint8extended(t.person, t.position << 8 | t.measure), 1)",
        may_lack=("person",),  # what was counted before revision 0011; what it is for asks the ledger then
    ),
    ComparedTable("former_fact", FormerFactRow._fields[:2], (*FormerFactRow._fields[2:], "held_at", "retracted_at")),
    ComparedTable(
        "counter",
        ("unit", "period", "measure"),
        ("n",),
        ("unit",),
        where=f"t.n <> 0 AND (t.period < {YEAR_BASE} OR {_LARGE_IN_BOTH}) AND {_RUNNING_ALIKE}",
        digest=_PERIOD_DIGEST,
    ),
    ComparedTable(
        "running_sum",
        ("unit", "period", "measure"),
        ("n",),
        ("unit",),
        where=_RUNNING_ALIKE,
        digest=f"hashtextextended(encode({whole('t')}, 'hex'), t.period)",
        rows=f"({taken_apart('{own}.running_sum')})",
        digested="(SELECT * FROM {own}.running_sum WHERE ltrim(sums, '\\x00'::bytea) <> '')",
    ),
    ComparedTable(
        COUNTED_APART,
        ("unit", "period", "measure"),
        ("n",),
        ("unit",),
        where=f"t.unit IN ({_RUNNING_IN_ONE})",
        digest=_PERIOD_DIGEST,
        rows=_COUNTED_APART,
        digested=_COUNTED_APART,
    ),
    ComparedTable("breakdown", ("unit", "month"), ("rows", "days"), ("unit",)),
    ComparedTable("breakdown_year", ("unit", "year", "measure"), ("codes", "pairs"), ("unit",)),
    ComparedTable("tally", ("outcome", "type", "reason"), ("n",), where="t.n <> 0"),
    ComparedTable("publisher_rejects", ("publisher", "reason"), ("n", "last_position")),
    ComparedTable("verdict", verdicts.COLUMNS[:1], verdicts.COLUMNS[1:]),
)
"""In the order in which they are repaired: what others name comes first."""

_MARKS: Final = ("large", "vast", "running")
PACKED: Final = ComparedTable("packed", ("kind", "part"), ("rows",))
"""It says nothing that other tables do not say, and in pieces as batches were: compared by `packed_rows`."""
PAST: Final = ComparedTable("as_now_past", ("unit",), ("until", "others", "days"), ("unit",))
"""It says nothing that other tables do not say either: compared by `past_rows`."""
VERIFIED: Final = (
    *(each._replace(values=(*each.values, *_MARKS)) if each.table == "unit" else each for each in COMPARED),
    PACKED,
    PAST,
)
"""The same with the marks of large and vast units, between generations in which the same units are so, and with what is
put together of other tables."""
