"""Whose events are rejected, how often and why: the publishers with most rejects first."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from msgspec import Meta
from sqlalchemy import BigInteger, ColumnElement, and_, bindparam, desc, func, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from events.identifiers import UNIT_ID_PATTERN
from projections.answers.access.sight import Holder
from projections.answers.report.report_answers import PublisherRejects
from projections.store.reading.composed import Query
from projections.store.reading.confined import OF_PUBLISHERS, values_of
from projections.store.reading.snapshot import Snapshot
from projections.store.schema.tables import PUBLISHER_REJECTS


class RejectsKey(NamedTuple):
    """Where a page ends: a publisher's number of rejects, and its id (empty where the bus subject names none)."""

    rejected: int
    publisher: Annotated[str, Meta(pattern=rf"\A({UNIT_ID_PATTERN})?\Z")]


_n = PUBLISHER_REJECTS.c.n
_rejected = func.sum(_n).cast(BigInteger)
_after = bindparam("after", type_=BigInteger)


def _by_number(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.array_agg(aggregate_order_by(column, _n.desc(), PUBLISHER_REJECTS.c.reason))


_publishers = (
    select(
        PUBLISHER_REJECTS.c.publisher,
        _rejected.label("rejected"),
        func.max(PUBLISHER_REJECTS.c.last_position).label("last_position"),
        _by_number(PUBLISHER_REJECTS.c.reason).label("reasons"),
        _by_number(_n).label("counts"),
    )
    .group_by(PUBLISHER_REJECTS.c.publisher)
    .having(
        or_(
            _after.is_(None),
            func.sum(_n) < _after,
            and_(func.sum(_n) == _after, PUBLISHER_REJECTS.c.publisher > bindparam("after_publisher")),
        )
    )
    .order_by(desc("rejected"), PUBLISHER_REJECTS.c.publisher)
    .limit(bindparam("limit"))
)
_PUBLISHERS, _CONFINED = Query(_publishers), Query(_publishers.where(OF_PUBLISHERS))


async def rejects(
    snapshot: Snapshot, *, after: RejectsKey | None, limit: int, confined: Holder | None = None
) -> tuple[list[PublisherRejects], RejectsKey | None]:
    """Return a page of publishers, most rejects first, and where it ends if there are more.

    ``confined``: only those that the asker may see as an officer.
    """
    number, publisher = after or (None, None)
    query = _PUBLISHERS if confined is None else _CONFINED
    asked = {"after": number, "after_publisher": publisher, "limit": limit + 1, **values_of(confined)}
    rows = await query.fetch(snapshot, **asked)
    page = [
        PublisherRejects(
            row["publisher"] or None,
            row["rejected"],
            dict(zip(row["reasons"], row["counts"], strict=True)),
            row["last_position"],
        )
        for row in rows[:limit]
    ]
    return page, RejectsKey(page[-1].rejected, page[-1].publisher or "") if len(rows) > limit else None
