"""Signing in and out: with a password, by an invitation, at the issuer of OpenID Connect. Plain pages and forms."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import quote

import msgspec
from fastapi import APIRouter, Path, Request, Response
from starlette.datastructures import QueryParams
from starlette.responses import RedirectResponse

from projections.answers.access.needs import Need
from projections.bilingual import Bilingual
from services.access import invitations, local_sign_in, openid_sign_in, sessions
from services.access.authentication import UnauthenticatedError, asker_of
from services.access.credentials import Credentials, proof_of, proves
from services.access.guessing import SlowedDownError
from services.access.local_sign_in import WrongPasswordError
from services.access.openid_flow import CALLBACK, IssuerAwayError, OpenIDError, Pending
from services.access.openid_sign_in import NoAccountError
from services.access.own_paths import own_path
from services.access.passwords import TooBusyError
from services.access.refusals import NotThereError, TakenError, UnfitError
from services.api.access import access_of, came_from, cookie_name, is_own_page, session_of, set_cookie
from services.api.form_bodies import Proof, fields_of, is_ours
from services.api.problems import not_found
from services.api.sign_in_pages import field, form, link, page, said
from services.needs import needs

if TYPE_CHECKING:
    from services.access.openid import Issuer

router = APIRouter(tags=["sign-in"], include_in_schema=False)

SIGN_IN, SIGN_OUT, AT_ISSUER = "/sign-in", "/sign-out", "/sign-in/oidc"
OPEN: Final = frozenset({SIGN_IN, SIGN_OUT, AT_ISSUER, CALLBACK, "/invitation/{invitation}"})
"""The paths that need no account (contract, section 7)."""
_TITLE: Final = "Đăng nhập / Sign in"
_PENDING: Final = "issuer"
_PENDING_LASTS: Final = 600
_LONGEST_CODE: Final = 4_000

InvitationPath = Annotated[str, Path()]


@router.get(SIGN_IN)
@needs(Need.OPEN)
async def sign_in_page(request: Request) -> Response:
    """Show where one signs in."""
    return _sign_in_page(request, own_path(request.query_params.get("next")))


@router.post(SIGN_IN)
@needs(Need.OPEN)
async def sign_in(request: Request) -> Response:
    """Sign in with a name and a password, and go on to `next`."""
    fields, access = await fields_of(request), access_of(request)
    where_next = own_path(fields.get("next"))
    if not is_ours(request, fields):
        return _sign_in_page(request, where_next, _outdated(), 403)
    try:
        secret = await local_sign_in.sign_in(
            *(access.writing, access.passwords, fields.get("name", ""), fields.get("password", "")),
            hours=access.settings.session_hours,
            came_from=came_from(request),
            instead_of=session_of(request),
            now=access.clock(),
        )
    except SlowedDownError as slowed:
        return _sign_in_page(request, where_next, slowed, 429, slowed.seconds)
    except TooBusyError as busy:
        return _sign_in_page(request, where_next, busy, 503, 2)
    except (WrongPasswordError, TakenError) as wrong:
        return _sign_in_page(request, where_next, wrong, 401)
    return _begun(request, secret, where_next)


@router.post(SIGN_OUT)
@needs(Need.OPEN)
async def sign_out(request: Request) -> Response:
    """End the session of the browser, at once, and show where one signs in."""
    fields, access, secret = await fields_of(request), access_of(request), session_of(request)
    response = RedirectResponse(SIGN_IN, 303)
    if secret is not None:
        if not (is_own_page(request) and proves(fields.get("csrf"), secret)):
            return _sign_out_page(request, secret, _outdated(), 403)
        try:
            asker = await asker_of(access.reading, Credentials(session=secret))
        except UnauthenticatedError:
            pass
        else:
            async with access.writing.acquire() as connection, connection.transaction():
                await sessions.end(connection, asker, asker.account, asker.key, came_from=came_from(request))
        set_cookie(request, response, "session", "", seconds=0, strict=False)
        response.headers["clear-site-data"] = '"cache"'  # nobody goes back to what was shown in the session
    return response


@router.get(SIGN_OUT)
@needs(Need.OPEN)
async def sign_out_page(request: Request) -> Response:
    """Show the form that signs out."""
    secret = session_of(request)
    return RedirectResponse(SIGN_IN, 303) if secret is None else _sign_out_page(request, secret)


@router.get("/invitation/{invitation}")
@needs(Need.OPEN)
async def invitation_page(request: Request, invitation: InvitationPath) -> Response:
    """Show where one who is invited sets a password; nothing of the invitation is used by looking."""
    return await _invitation_page(request, invitation)


@router.post("/invitation/{invitation}")
@needs(Need.OPEN)
async def accept(request: Request, invitation: InvitationPath) -> Response:
    """Set the password, once, and sign in."""
    fields, access = await fields_of(request), access_of(request)
    if not is_ours(request, fields):
        return await _invitation_page(request, invitation, _outdated(), 403)
    if fields.get("password") != fields.get("again"):
        differ = Bilingual("Hai lần nhập mật khẩu không giống nhau", "The two passwords are not the same")
        return await _invitation_page(request, invitation, differ, 422)
    try:
        secret = await invitations.use(
            *(access.writing, access.passwords, invitation, fields.get("password", "")),
            hours=access.settings.session_hours,
            came_from=came_from(request),
        )
    except UnfitError as unfit:
        return await _invitation_page(request, invitation, unfit, 422)
    except TooBusyError as busy:
        return await _invitation_page(request, invitation, busy, 503)
    except (NotThereError, TakenError) as over:
        return page(request, _TITLE, said(over), link(SIGN_IN, _TITLE), status=404)
    return _begun(request, secret, own_path(None))


@router.get(AT_ISSUER)
@needs(Need.OPEN)
async def to_issuer(request: Request) -> Response:
    """Send the browser to the issuer; it keeps what its return is held against."""
    url, pending = await _issuer(request).begin(own_path(request.query_params.get("next")))
    response = RedirectResponse(url, 303, {"cache-control": "no-store"})
    kept = base64.urlsafe_b64encode(msgspec.json.encode(pending)).decode()
    set_cookie(request, response, _PENDING, kept, seconds=_PENDING_LASTS, strict=False)
    return response


@router.get(CALLBACK)
@needs(Need.OPEN)
async def from_issuer(request: Request) -> Response:
    """Take back who comes from the issuer, and begin a session."""
    issuer, access, given = _issuer(request), access_of(request), request.query_params
    try:
        pending = _pending(request)
        person = await issuer.finish(pending, state=given.get("state", ""), code=_code(given), issuer=given.get("iss"))
    except OpenIDError as error:
        await access.refused(openid_sign_in.refusal(came_from(request), error.why))
        return _without_pending(request, _sign_in_page(request, own_path(None), error, 401))
    except IssuerAwayError as away:
        return _without_pending(request, _sign_in_page(request, own_path(None), away, 503, 10))
    try:
        secret = await openid_sign_in.sign_in(
            *(access.writing, person),
            hours=access.settings.session_hours,
            came_from=came_from(request),
            instead_of=session_of(request),
        )
    except (NoAccountError, TakenError) as nobody:
        return _without_pending(request, _sign_in_page(request, own_path(None), nobody, 403))
    return _without_pending(request, _begun(request, secret, own_path(pending.next)))


def _issuer(request: Request) -> Issuer:
    issuer = access_of(request).issuer
    if issuer is None:
        raise not_found(
            "Dịch vụ này không đăng nhập qua OpenID Connect (TONGHOP_OIDC_ISSUER). / No issuer is set here."
        )
    return issuer


def _pending(request: Request) -> Pending:
    try:
        kept = base64.urlsafe_b64decode(request.cookies.get(cookie_name(request, _PENDING), ""))
        return msgspec.json.decode(kept, type=Pending)
    except ValueError as error:
        raise OpenIDError("not begun in this browser") from error


def _code(given: QueryParams) -> str:
    code = given.get("code", "")
    if "error" in given or not code or len(code) > _LONGEST_CODE:
        raise OpenIDError(f"issuer: {given.get('error', 'no code')[:100]}")
    return code


def _without_pending(request: Request, response: Response) -> Response:
    set_cookie(request, response, _PENDING, "", seconds=0, strict=False)
    return response


def _begun(request: Request, secret: str, where_next: str) -> Response:
    """Give the browser its new session, whatever it held before, and send it on."""
    response = RedirectResponse(where_next, 303, {"cache-control": "no-store"})
    seconds = access_of(request).settings.session_hours * 3_600
    set_cookie(request, response, "session", secret, seconds=seconds, strict=False)
    return response


def _sign_in_page(
    request: Request, where_next: str, why: object = None, status: int = 200, again: int | None = None
) -> Response:
    proof = Proof(request)
    parts = [] if why is None else [said(why)]
    parts.append(
        form(
            *(SIGN_IN, str(proof), _TITLE),
            field("name", "Tên đăng nhập / Sign-in name", "text", "username"),
            field("password", "Mật khẩu / Password", "password", "current-password"),
            hidden=[("next", where_next)],
        )
    )
    if access_of(request).issuer is not None:
        parts.append(
            link(f"{AT_ISSUER}?next={quote(where_next, safe='')}", "Đăng nhập qua nơi cấp danh tính / By OpenID")
        )
    return proof.kept_with(page(request, _TITLE, *parts, status=status, again=again))


async def _invitation_page(request: Request, invitation: str, why: object = None, status: int = 200) -> Response:
    try:
        invited = await invitations.find(access_of(request).reading, invitation)
    except NotThereError as over:
        return page(request, _TITLE, said(over), link(SIGN_IN, _TITLE), status=404)
    proof = Proof(request)
    parts = [] if why is None else [said(why)]
    parts += [
        said(Bilingual("Tên đăng nhập", "Sign-in name", after=f": {invited.name}")),
        form(
            *(f"/invitation/{quote(invitation, safe='')}", str(proof), "Đặt mật khẩu / Set the password"),
            field("password", "Mật khẩu mới / New password", "password", "new-password"),
            field("again", "Nhập lại / Once more", "password", "new-password"),
        ),
    ]
    return proof.kept_with(page(request, "Thư mời / Invitation", *parts, status=status))


def _sign_out_page(request: Request, secret: str, why: object = None, status: int = 200) -> Response:
    title = "Đăng xuất / Sign out"
    parts = [] if why is None else [said(why)]
    return page(request, title, *parts, form(SIGN_OUT, proof_of(secret), title), status=status)


def _outdated() -> Bilingual:
    return Bilingual("Trang đã cũ; hãy thử lại", "The page was outdated: try again")
