"""Who may see what of a unit: `/v1/units/{unit}/grants` (contract, section 7). Granted and revoked on the log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Final, NamedTuple

from fastapi import Path, Query, Request, Response

from projections.answers.access.keeping import GRANTED, RoleWanted, speaks_as
from projections.answers.access.needs import Need
from projections.answers.access.sight import Sight
from projections.answers.report.report_answers import UnitName
from projections.bilingual import Bilingual
from projections.store.reading.access import held, root_of
from projections.store.reading.find_unit import UnknownUnitError, find
from projections.store.reading.grants import StandingGrant, standing
from projections.store.reading.outcomes import event
from projections.store.reading.snapshot import Snapshot
from services.access import accounts, granting
from services.access.asker import Asker
from services.access.grant_answers import GrantList, GrantOrdered, NewGrant, UnitGrant
from services.access.granting import Order, OrderSaid
from services.access.refusals import NotThereError, UnfitError
from services.access.secret_digests import is_id
from services.api.access import access_of, asker_of_request, came_from
from services.api.answering import reader_of
from services.api.documentation import taking, told
from services.api.json_bodies import read
from services.api.parameters import Parameters, Strict, UnitPath, today
from services.api.problems import NotReachedProblem, Problem, not_ready
from services.api.reading_route import reading_router
from services.api.routes_accounts import answer
from services.api.sights import OfUnit, limits_of
from services.needs import needs
from services.publishing.gateway import Gateway, NotPublishedError

router = reading_router("/v1/units", "access")

AccountPath = Annotated[str, Path(description="An account's id, or its sign-in name", examples=["a-k3v9x0q2m5t7w1zd"])]
RolePath = Annotated[str, Path(description="The role", examples=["reader"])]

DECIDED_WITHIN: Final = 3.0
"""Seconds for which an order's outcome is waited for."""
_RULE: Final = Bilingual(
    "reader, officer, clerk cần keeper tại đơn vị đó hoặc cấp trên; keeper cần keeper ở cấp trên; operator cần keeper "
    "của đơn vị gốc, tại đơn vị gốc",
    "reader, officer and clerk take a keeper there or above; keeper takes one above; operator takes the root's keeper, "
    "at the root",
)


class Speaker(NamedTuple):
    """The unit as which a keeper's order is said, and the unit that it is about."""

    source: str
    unit: UnitName


@router.get("/{unit}/grants", summary="Grants over a unit", responses=told(GrantList))
@needs(Need.KEEPING)
async def listed(request: Request, unit: UnitPath, query: Annotated[Parameters, Query()]) -> Response:
    """List the grants over a unit itself that stand, for its keepers."""
    reader = reader_of(request)
    await reader.wait(request, query)
    compute = partial(_standing, unit=unit)
    named, found, position = await reader.ask(request, OfUnit(unit), compute, query.min_position)
    names = await accounts.names(access_of(request).reading, {one.account for one in found})
    grants = [UnitGrant(one.account, names.get(one.account), *one[1:]) for one in found]
    return answer(GrantList(named, grants, position, await reader.behind(position)))


@router.post(
    "/{unit}/grants",
    status_code=201,
    summary="Grant a role over a unit",
    responses=told(GrantOrdered, 201),
    openapi_extra=taking(NewGrant),
)
@needs(Need.KEEPING)
async def grant(request: Request, unit: UnitPath, _: Annotated[Strict, Query()]) -> Response:
    """Say on the log that an account has a role over a unit and all below it; what becomes of that is awaited."""
    wanted = await read(request, NewGrant)
    if wanted.until is not None and wanted.until < today():
        raise UnfitError("until", Bilingual("ngày này đã qua", "this day is over"))
    speaker = await _speaker(request, unit, wanted.role)
    try:
        account = (await accounts.find(access_of(request).reading, wanted.account)).account
    except NotThereError as error:
        raise UnfitError("account", Bilingual.of(error)) from error
    _require_id(account)
    order = Order(speaker.source, unit, account, wanted.role, wanted.until)
    return await _ordered(request, speaker.unit, order, granting.grant, 201)


@router.delete("/{unit}/grants/{account}/{role}", summary="Revoke a role over a unit", responses=told(GrantOrdered))
@needs(Need.KEEPING)
async def revoke(
    request: Request, unit: UnitPath, account: AccountPath, role: RolePath, _: Annotated[Strict, Query()]
) -> Response:
    """Say on the log that an account has a role over a unit no more; the answer says whether that has taken effect."""
    speaker = await _speaker(request, unit, role)
    if not is_id(account, "a"):  # an id may be of an account that the service has lost
        account = (await accounts.find(access_of(request).reading, account)).account
        _require_id(account)
    return await _ordered(request, speaker.unit, Order(speaker.source, unit, account, role), granting.revoke, 200)


async def _ordered(
    request: Request,
    unit: UnitName,
    order: Order,
    say: Callable[..., Awaitable[OrderSaid]],
    status: int,
) -> Response:
    asker = await asker_of_request(request)
    gateway: Gateway = request.app.state.gateway
    try:
        async with access_of(request).writing.acquire() as connection, connection.transaction():
            said = await say(connection, gateway, asker, order, came_from=came_from(request))
    except NotPublishedError as error:
        raise not_ready(f"{error}.", reason=error.reason) from error
    reader = reader_of(request)
    await reader.reach(said.position, DECIDED_WITHIN)
    try:
        (outcome, reason), position = await reader.ask(request, None, partial(_decided, said=said))
    except NotReachedProblem as early:  # it is said all the same
        outcome, reason, position = None, None, early.position
    if outcome == "rejected":
        detail = (
            f"Nhật ký không nhận: {reason}. Đơn vị {order.source} không còn ở trên {order.unit}? / "
            f"The log rejected it: {reason}."
        )
        raise Problem(409, "Không làm được", detail, publisher=said.publisher, id=said.id, position=said.position)
    behind = None if outcome is not None else await reader.behind(position)
    return answer(
        GrantOrdered(
            *(unit, order.account, order.role, order.until, said.publisher, said.id, said.position, outcome),
            in_effect=outcome == "applied",
            behind=behind,
        ),
        status,
    )


async def _speaker(request: Request, unit: str, role: str) -> Speaker:
    """Return as which unit the asker may order this. Raises a 403 Problem, UnfitError, UnknownUnitError."""
    if role not in GRANTED:
        raise UnfitError("role", Bilingual(f"cần một trong: {', '.join(GRANTED)}", f"one of: {', '.join(GRANTED)}"))
    asker = await asker_of_request(request)
    compute = partial(_speaks, asker=asker, unit=unit, role=role, day=today())
    found = await reader_of(request).ask(request, OfUnit(unit), compute)
    if found is None:
        detail = f"Tài khoản này không được cấp hay thu hồi {role} tại {unit}: {_RULE.vietnamese}. / {_RULE.english}."
        raise Problem(403, "Không được phép", detail, unit=unit)
    return found


async def _speaks(snapshot: Snapshot, _: Sight, *, asker: Asker, unit: str, role: str, day: dt.date) -> Speaker | None:
    known = await held(snapshot, "" if asker.holds_everything else asker.account, unit)
    if known is None:
        raise UnknownUnitError(unit)
    wanted = RoleWanted(role, await root_of(snapshot), day)
    source = speaks_as(known.lineage, None if asker.holds_everything else known.grants, limits_of(asker), wanted)
    return None if source is None else Speaker(source, (await find(snapshot, unit, day)).name)


async def _standing(snapshot: Snapshot, _: Sight, *, unit: str) -> tuple[UnitName, list[StandingGrant], int]:
    day = today()
    return (await find(snapshot, unit, day)).name, await standing(snapshot, unit, day), snapshot.position


async def _decided(snapshot: Snapshot, _: Sight, *, said: OrderSaid) -> tuple[tuple[str | None, str | None], int]:
    found = await event(snapshot, said.publisher, said.id)
    return (None, None) if found is None else (found.outcome, found.reason), snapshot.position


def _require_id(account: str) -> None:
    if not is_id(account, "a"):
        raise UnfitError(
            "account",
            Bilingual("tài khoản của chính dịch vụ có mọi quyền", "the service's own account holds every role already"),
        )
