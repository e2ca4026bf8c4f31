"""Queries composed in SQLAlchemy Core: compiled once to text, which asyncpg runs in a snapshot (decision 0039).

Only the API imports it. What a projector asks too (a report, receipts over the bus) is text, and imports none of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    ARRAY,
    CTE,
    BindParameter,
    ColumnElement,
    Date,
    Integer,
    SelectBase,
    Subquery,
    TableValuedAlias,
    TextualSelect,
    any_,
    bindparam,
    column,
    func,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql.asyncpg import PGCompiler_asyncpg, PGDialect_asyncpg
from sqlalchemy.types import TypeEngine

from projections.store.hierarchy_sql import Walk

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from asyncpg import Record
    from asyncpg.cursor import Cursor

    from projections.store.reading.snapshot import Snapshot

Types = TypeEngine[Any] | type[TypeEngine[Any]]

OPAQUE: Final[ColumnElement[int]] = literal_column("0")
"""`offset(OPAQUE)`: PostgreSQL plans what is inside by itself, and does not turn lookups into a scan of the table."""


def unindexed(day: ColumnElement[dt.date]) -> ColumnElement[dt.date]:
    """Write a day so that no index knows it: where one by day would be chosen and that of the unit is the right one."""
    return day.op("+", return_type=Date())(literal_column("0"))


class _Compiler(PGCompiler_asyncpg):
    """Writes a value that stands in the statement into its text: partial indexes are found by it, and plans chosen."""

    def visit_bindparam(
        self, bindparam: Any, within_columns_clause: Any = False, literal_binds: Any = False, *more: Any, **how: Any
    ) -> Any:
        """Leave as a parameter only what has no value yet."""
        written = literal_binds or not bindparam.required
        return super().visit_bindparam(bindparam, within_columns_clause, written, *more, **how)  # type: ignore[no-untyped-call]


class _Dialect(PGDialect_asyncpg):
    statement_compiler = _Compiler


_DIALECT: Final = _Dialect()  # type: ignore[no-untyped-call]


SEEDS: Final = "unnest(:seed_unit, :seed_first, :seed_last, :seed_sign) AS seed(unit, first, last, sign)"
"""What `below_seeds` begins with here, and its parameters."""
SEEDED: Final = (
    bindparam("seed_unit", type_=ARRAY(Integer)),
    bindparam("seed_first", type_=ARRAY(Date)),
    bindparam("seed_last", type_=ARRAY(Date)),
    bindparam("seed_sign", type_=ARRAY(Integer)),
)


class Query:
    """A statement as asyncpg runs it, the same text each time; its parameters are given by their names.

    A parameter is a `bindparam` without a value: what is asked never becomes part of the text. A name that is missing,
    or one too many, raises TypeError; what asyncpg raises comes through. The transaction is the snapshot's.
    """

    __slots__ = ("_names", "text")

    def __init__(self, statement: SelectBase) -> None:
        compiled = statement.compile(dialect=_DIALECT)
        self.text: str = str(compiled)
        self._names: tuple[str, ...] = tuple(compiled.positiontup or ())

    async def fetch(self, snapshot: Snapshot, /, **asked: object) -> list[Record]:
        """Return all rows."""
        return await snapshot.connection.fetch(self.text, *self._ordered(asked))

    async def fetchrow(self, snapshot: Snapshot, /, **asked: object) -> Record | None:
        """Return the first row, None where there is none."""
        return await snapshot.connection.fetchrow(self.text, *self._ordered(asked))

    async def cursor(self, snapshot: Snapshot, /, **asked: object) -> Cursor[Record]:
        """Return what gives the rows piece by piece; PostgreSQL finds them as they are taken."""
        return await snapshot.connection.cursor(self.text, *self._ordered(asked))

    def _ordered(self, asked: dict[str, object]) -> list[object]:
        """Put the parameters into the order of the text."""
        if asked.keys() != set(self._names):
            raise TypeError(f"asked with {sorted(asked)}, takes {sorted(self._names)}")
        return [asked[name] for name in self._names]


def walked(walk: Walk, *parameters: BindParameter[Any], nested: bool = False, **types: Types) -> CTE:
    """Take a walk of the hierarchy as a table; ``parameters`` are those in its text, ``types`` those of its columns.

    ``nested``: it begins at a row of the query around it, and is written where it is selected from.
    """
    return _typed(walk.query, walk.columns, parameters, types).cte(walk.name, recursive=True, nesting=nested)


def written(name: str, query: str, columns: Iterable[str], *parameters: BindParameter[Any], **types: Types) -> Subquery:
    """Take a query that is written as text as a table of these columns; the rest as in `walked`."""
    return _typed(query, columns, parameters, types).subquery(name)


def _typed(
    query: str, columns: Iterable[str], parameters: Iterable[BindParameter[Any]], types: Mapping[str, Types]
) -> TextualSelect:
    return text(query).bindparams(*parameters).columns(*(column(name, types.get(name)) for name in columns))


def among(compared: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Write that a column is one of the values of an array, the parameter of that name."""
    return compared == any_(bindparam(name, type_=ARRAY(compared.type)))


def unnested(alias: str, **types: Types) -> TableValuedAlias:
    """Write arrays side by side as a table of columns of these types; the parameters are ``{alias}_{column}``."""
    arrays = (bindparam(f"{alias}_{name}", type_=ARRAY(type_)) for name, type_ in types.items())
    columns = (column(name, type_) for name, type_ in types.items())
    return func.unnest(*arrays).table_valued(*columns).render_derived(name=alias)
