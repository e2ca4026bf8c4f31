"""What an account has of its own over HTTP: who it is, its tokens, its sessions (contract, section 7)."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import Path, Query, Request, Response
from pydantic import Field

from events.vocabulary import ROLES
from projections.answers.access.needs import Need
from projections.answers.access.sight import Sight
from projections.store.reading.access import root_of
from projections.store.reading.kept import roles_of
from projections.store.reading.snapshot import Snapshot
from services.access import accounts, sessions, tokens
from services.access.access_answers import Me, NewToken, SessionList, SessionsEnded, TokenList, TokenMade
from services.access.asker import ADMIN, Asker
from services.access.credentials import proof_of
from services.api.access import access_of, asker_of_request, came_from, session_of
from services.api.administering import require_administrator
from services.api.answering import reader_of
from services.api.documentation import taking, told
from services.api.json_bodies import read
from services.api.parameters import FreeText, Strict, today
from services.api.reading_route import reading_router
from services.api.routes_accounts import answer
from services.needs import needs

router = reading_router("/v1", "access")

SessionPath = Annotated[str, Path(description="A session's id", examples=["s-4t0c8r2y6u1p9n3b"])]
TokenPath = Annotated[str, Path(description="A token's id", examples=["t-7h2f5j8d1s4a6g9k"])]


class OfAccount(Strict):
    """Whose tokens or sessions are asked for."""

    account: FreeText = Field("", description="Another's, for those who may administer it")


@router.get("/me", summary="Who asks", responses=told(Me))
@needs(Need.ANY_ACCOUNT)
async def me(request: Request, _: Annotated[Strict, Query()]) -> Response:
    """Say as which account one asks, and what a page needs to change something."""
    asker = await asker_of_request(request)
    name = asker.account
    if asker.means != "open":
        name = (await accounts.find(access_of(request).reading, asker.account)).name
    session = session_of(request) if asker.means == "session" else None
    roles = None if asker.only is None else [tokens.Limit(*each) for each in asker.only]
    granted = await reader_of(request).ask(request, None, partial(_granted, asker=asker))
    return answer(Me(asker.account, name, asker.means, granted, roles, session and proof_of(session)))


@router.get("/tokens", summary="Tokens", responses=told(TokenList))
@needs(Need.ANY_ACCOUNT)
async def listed(request: Request, query: Annotated[OfAccount, Query()]) -> Response:
    """List the tokens of one's account, also those that hold no more."""
    _, account = await _whose(request, query.account)
    return answer(TokenList(await tokens.of_account(access_of(request).reading, account)))


@router.post(
    "/tokens", status_code=201, summary="Make a token", responses=told(TokenMade, 201), openapi_extra=taking(NewToken)
)
@needs(Need.ANY_ACCOUNT)
async def make(request: Request, _: Annotated[Strict, Query()]) -> Response:
    """Make a token for a machine; its secret is shown here and never again."""
    wanted = await read(request, NewToken)
    asker, account = await _whose(request, wanted.account or "")
    access = access_of(request)
    await accounts.find(access.reading, account)
    async with access.writing.acquire() as connection, connection.transaction():
        made, secret = await tokens.make(
            *(connection, asker, account, wanted.name),
            roles=wanted.roles,
            until=wanted.until,
            came_from=came_from(request),
        )
    return answer(TokenMade(made, secret), 201)


@router.delete("/tokens/{token}", summary="Revoke a token", responses=told(TokenList))
@needs(Need.ANY_ACCOUNT)
async def revoke(request: Request, token: TokenPath, _: Annotated[Strict, Query()]) -> Response:
    """Revoke a token, at once, and all that were made with it; they are the answer."""
    asker = await asker_of_request(request)
    of = None if asker.account == ADMIN and asker.only is None else asker.account
    async with access_of(request).writing.acquire() as connection, connection.transaction():
        return answer(TokenList(await tokens.revoke(connection, asker, token, of=of, came_from=came_from(request))))


@router.get("/sessions", summary="Sessions", responses=told(SessionList))
@needs(Need.ANY_ACCOUNT)
async def open_sessions(request: Request, query: Annotated[OfAccount, Query()]) -> Response:
    """List the sessions of one's account that hold."""
    asker, account = await _whose(request, query.account)
    return answer(SessionList(await sessions.open_ones(access_of(request).reading, account, asker.key)))


@router.delete("/sessions", summary="End all sessions", responses=told(SessionsEnded))
@needs(Need.ANY_ACCOUNT)
async def end_all(request: Request, query: Annotated[OfAccount, Query()]) -> Response:
    """End all sessions of one's account, at once, the one that asks included."""
    return await _end(request, query.account, None)


@router.delete("/sessions/{session}", summary="End a session", responses=told(SessionsEnded))
@needs(Need.ANY_ACCOUNT)
async def end(request: Request, session: SessionPath, query: Annotated[OfAccount, Query()]) -> Response:
    """End one session of one's account, at once."""
    return await _end(request, query.account, session)


async def _granted(snapshot: Snapshot, _: Sight, *, asker: Asker) -> list[tokens.Limit]:
    if asker.holds_everything:
        root = await root_of(snapshot)
        return [tokens.Limit(role, root) for role in ROLES] if root else []
    return [tokens.Limit(each.role, each.unit) for each in await roles_of(snapshot, asker.account, today())]


async def _end(request: Request, account: str, session: str | None) -> Response:
    asker, account = await _whose(request, account)
    async with access_of(request).writing.acquire() as connection, connection.transaction():
        ended = await sessions.end(connection, asker, account, session, came_from=came_from(request))
    return answer(SessionsEnded(ended))


async def _whose(request: Request, account: str) -> tuple[Asker, str]:
    """Return who asks, and about which account; another's is for those who may administer it."""
    asker = await asker_of_request(request)
    if account and account != asker.account:
        await require_administrator(request, asker, account)
    return asker, account or asker.account
