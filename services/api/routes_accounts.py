"""Accounts over HTTP: `/v1/accounts`, their invitations, and who is disabled (contract, section 7)."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Path, Query, Request, Response
from pydantic import Field

from projections.answers.access.needs import Need
from projections.bilingual import Bilingual
from services.access import accounts, invitations
from services.access.access_answers import AccountPage, Invitation, NewAccount
from services.access.asker import OWN, Asker
from services.access.refusals import NotThereError
from services.access.secret_digests import is_id
from services.api.access import access_of, asker_of_request, came_from
from services.api.administering import part_kept, require_administrator, require_keeper
from services.api.bodies import as_json
from services.api.documentation import taking, told
from services.api.json_bodies import read
from services.api.parameters import PAGE, Cursor, FreeText, Limit, Strict, cursor_of, key_of
from services.api.reading_route import reading_router
from services.needs import needs

router = reading_router("/v1/accounts", "access")

JSON: Final = "application/json"
AccountPath = Annotated[str, Path(description="An account's id", examples=["a-k3v9x0q2m5t7w1zd"])]


class AccountsQuery(Strict):
    """What accounts are asked by."""

    q: FreeText = Field("", description="A part of the sign-in name", examples=["lan"])
    limit: Limit = PAGE
    cursor: Cursor = None


@router.get("", summary="Accounts", responses=told(AccountPage))
@needs(Need.ANY_ACCOUNT)
async def listed(request: Request, query: Annotated[AccountsQuery, Query()]) -> Response:
    """List accounts by their sign-in names: for a keeper those with roles in his part, and those that he made."""
    asker = await asker_of_request(request)
    part = await part_kept(request, asker)
    found, more = await accounts.page(
        access_of(request).reading,
        q=query.q,
        after=key_of(query.cursor, str) or "",
        limit=query.limit,
        among=None if part is None else part.accounts,
        made_by=asker.account,
    )
    return answer(AccountPage(found, cursor_of(more)))


@router.post(
    "",
    status_code=201,
    summary="Make an account",
    responses=told(accounts.Account, 201),
    openapi_extra=taking(NewAccount),
)
@needs(Need.ANY_ACCOUNT)
async def add(request: Request, _: Annotated[Strict, Query()]) -> Response:
    """Make an account. It may nothing until something is granted to it; a local one is invited next."""
    wanted, asker = await read(request, NewAccount), await asker_of_request(request)
    await require_keeper(request, asker, of_all=wanted.account is not None)
    async with access_of(request).writing.acquire() as connection, connection.transaction():
        made = await accounts.add(
            connection, asker, wanted.name, wanted.signs_in, account=wanted.account, came_from=came_from(request)
        )
    return answer(made, 201)


@router.post("/{account}/invitation", status_code=201, summary="Invite an account", responses=told(Invitation, 201))
@needs(Need.ANY_ACCOUNT)
async def invite(request: Request, account: AccountPath, _: Annotated[Strict, Query()]) -> Response:
    """Make an invitation by which a local account sets its password, once, within a week; earlier ones are over."""
    asker = await _administrator(request, account)
    access = access_of(request)
    async with access.writing.acquire() as connection, connection.transaction():
        secret, ends = await invitations.make(connection, asker, account, came_from=came_from(request))
    base = access.settings.public_url or str(request.base_url).rstrip("/")
    return answer(Invitation(account, f"{base}/invitation/{secret}", ends), 201)


@router.post("/{account}/disable", summary="Disable an account", responses=told(accounts.Account))
@needs(Need.ANY_ACCOUNT)
async def disable(request: Request, account: AccountPath, _: Annotated[Strict, Query()]) -> Response:
    """Let an account in no more, at once: its sessions end, its tokens don't hold."""
    return await _turned(request, account, disabled=True)


@router.post("/{account}/enable", summary="Let an account in again", responses=told(accounts.Account))
@needs(Need.ANY_ACCOUNT)
async def enable(request: Request, account: AccountPath, _: Annotated[Strict, Query()]) -> Response:
    """Let an account in again that was disabled; its tokens hold again."""
    return await _turned(request, account, disabled=False)


async def _turned(request: Request, account: str, *, disabled: bool) -> Response:
    asker = await _administrator(request, account)
    async with access_of(request).writing.acquire() as connection, connection.transaction():
        turned = await accounts.disable(connection, asker, account, disabled=disabled, came_from=came_from(request))
    return answer(turned)


async def _administrator(request: Request, account: str) -> Asker:
    asker = await asker_of_request(request)
    if not is_id(account, "a") and account not in OWN:
        raise NotThereError(Bilingual(f"Không có tài khoản “{account[:100]}”", "There is no such account"))
    await require_administrator(request, asker, account)
    return asker


def answer(said: object, status: int = 200) -> Response:
    """Write an answer that nobody keeps."""
    return Response(as_json(said), status, {"cache-control": "no-store"}, JSON)
