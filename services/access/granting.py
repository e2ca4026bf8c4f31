"""Grants of access as they are said on the log: by the service alone, as the unit of the keeper's grant.

The audit log is written in the same transaction as the event is published in: what can't be written down is not done.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from events.subjects import build_bus_subject, message_id
from services.access import audit
from services.access.asker import Asker
from services.access.audit import Entry, record
from services.publishing.lines import Line, said_now

if TYPE_CHECKING:
    from services.access.database import Connected
    from services.publishing.gateway import Gateway

GRANTED: Final = "access.granted"
REVOKED: Final = "access.revoked"


class Order(NamedTuple):
    """A keeper's order: `source` is the unit as which it is said, `unit` that from which on down the role holds."""

    source: str
    unit: str
    account: str
    role: str
    until: dt.date | None = None


class OrderSaid(NamedTuple):
    """The event that says it, at its position in the log; what becomes of it is decided there."""

    publisher: str
    id: str
    position: int


async def grant(
    connection: Connected, gateway: Gateway, asker: Asker, order: Order, *, came_from: str | None
) -> OrderSaid:
    """Say on the log that an account has a role; in the caller's transaction the audit log says who ordered it.

    Raises NotPublishedError, and what asyncpg and the network raise: then it may have been said, and the caller's
    transaction has to be undone. To do it again is harmless.
    """
    until = {} if order.until is None else {"until": order.until.isoformat()}
    return await _say(connection, gateway, asker, order, GRANTED, audit.GRANTED, until, came_from)


async def revoke(
    connection: Connected, gateway: Gateway, asker: Asker, order: Order, *, came_from: str | None
) -> OrderSaid:
    """Say on the log that an account has a role no more, in the same way."""
    return await _say(connection, gateway, asker, order, REVOKED, audit.REVOKED, {}, came_from)


async def _say(  # noqa: PLR0917 - it is told by two
    connection: Connected,
    gateway: Gateway,
    asker: Asker,
    order: Order,
    type_: str,
    what: str,
    until: dict[str, str],
    came_from: str | None,
) -> OrderSaid:
    line = _line(order, type_, {"account": order.account, "role": order.role, **until})
    detail = {"of": order.account, "role": order.role, **until, "source": order.source, "id": line.id}
    await record(connection, Entry(what, asker, unit=order.unit, came_from=came_from, detail=detail))
    return OrderSaid(line.publisher, line.id, await gateway.publish(line))


def _line(order: Order, type_: str, data: dict[str, Any]) -> Line:
    id_ = f"g-{uuid.uuid4().hex}"
    body = msgspec.json.encode(said_now(order.source, id_, type_, order.unit, data))
    subject = build_bus_subject(order.source, type_)
    return Line(1, order.source, id_, subject, message_id(order.source, id_, body), body)
