"""The connections of the API, a pool for each class of questions, so that none waits for another's (decision 0027)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from projections.store.connecting import create_pool
from services.settings import Settings

if TYPE_CHECKING:
    from asyncpg import Connection, Pool, Record

CONNECT_WITHIN: Final = 5.0

QUICK, SERVICE, SLOW, ASKERS, WRITING, HOLDING, NEWS, PRIMARY = 6, 2, 2, 2, 2, 4, 1, 3
"""Connections: of quick questions; of health, status and waiting; of slow questions; of who asks; of what is kept; of
sheets that are being sent; of what open pages are told; of questions that a standby is too far behind for."""
QUICK_WITHIN, SERVICE_WITHIN, SLOW_WITHIN = 10.0, 5.0, 120.0
"""Seconds that a statement may take."""
RENEWED_AFTER: Final = 2_000
"""Statements after which a connection that finds out who asks is made anew: a primary that is back is found again."""

_SESSION: Final = {
    # Compiling a query costs more than any of ours takes.
    "jit": "off",
    # A statement whose asker was killed ends by itself.
    "client_connection_check_interval": "500",
}


_PLANNED_ONCE: Final = {**_SESSION, "plan_cache_mode": "force_generic_plan"}
"""To plan a report's sums anew for its very arrays takes as long as to add up a province; the plan is the same."""


def quick(settings: Settings) -> Pool[Record]:
    """Make the pool of questions that are answered at once."""
    return _pool(settings, QUICK, QUICK_WITHIN, "tonghop api", session=_PLANNED_ONCE)


def service(settings: Settings) -> Pool[Record]:
    """Make the pool of what must be answered however busy the others are."""
    return _pool(settings, SERVICE, SERVICE_WITHIN, "tonghop api service")


def slow(settings: Settings, size: int = SLOW) -> Pool[Record]:
    """Make the pool of questions that take seconds."""
    return _pool(settings, size, SLOW_WITHIN, "tonghop api slow")


def askers(settings: Settings) -> Pool[Record]:
    """Make the pool by which it is found out who asks: on the primary where it is there, which knows it first."""
    return _pool(settings, ASKERS, SERVICE_WITHIN, "tonghop api askers", primary="if there", max_queries=RENEWED_AFTER)


def writing(settings: Settings) -> Pool[Record]:
    """Make the pool of all that is written: accounts, sessions, tokens, the audit log; on the primary alone."""
    return _pool(settings, WRITING, SERVICE_WITHIN, "tonghop api writing", primary="only", reset=None)


def holding(settings: Settings) -> Pool[Record]:
    """Make the pool whose connections hold a sheet for as long as it is sent; on the primary alone."""
    return _pool(settings, HOLDING, SERVICE_WITHIN, "tonghop api holding", primary="only", reset=None)


def news(settings: Settings) -> Pool[Record]:
    """Make the pool of the one who asks what is new for all open pages."""
    return _pool(settings, NEWS, QUICK_WITHIN, "tonghop api news")


def primary(settings: Settings) -> Pool[Record]:
    """Make the pool of questions that are answered at once, by the primary, and of where that stands."""
    return _pool(settings, PRIMARY, QUICK_WITHIN, "tonghop api primary", session=_PLANNED_ONCE, primary="only")


def slow_primary(settings: Settings) -> Pool[Record]:
    """Make the pool of questions that take seconds, of the primary; they are asked one at a time."""
    return _pool(settings, 1, SLOW_WITHIN, "tonghop api slow primary", primary="only")


def _pool(
    settings: Settings, size: int, within: float, name: str, *, session: Mapping[str, str] = _SESSION, **options: Any
) -> Pool[Record]:
    # No connection is made before it is needed: one that is lost is replaced by the next request.
    return create_pool(
        settings.database_url,
        min_size=0,
        max_size=size,
        within=CONNECT_WITHIN,
        command_timeout=within + 1,
        server_settings={**session, "application_name": name, "statement_timeout": str(int(within * 1000))},
        **{"reset": _leave_as_it_is, **options},
    )


async def _leave_as_it_is(_: Connection[Record]) -> None:
    """Reset nothing, and save a round trip: a snapshot leaves nothing behind in its session."""
