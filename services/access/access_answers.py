"""What the routes of accounts answer, and what they take; the types of single things are those of services/access."""

from __future__ import annotations

import datetime as dt

import msgspec

from services.access.accounts import Account, SignsIn
from services.access.audit import AuditLine
from services.access.sessions import Session
from services.access.tokens import Limit, Token


class Me(msgspec.Struct, frozen=True):
    """Who asks, and what was granted to the account: each role holds for its unit and all below it.

    `roles` is what the token is limited to beside that, null where it isn't. `csrf` is what a page sends as
    `X-CSRF-Token` where it changes something; null but in a session.
    """

    account: str
    name: str
    came_by: str
    granted: list[Limit]
    roles: list[Limit] | None
    csrf: str | None


class NewAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An account to be made; `account` is an id that the log knows, where the accounts were lost."""

    name: str
    signs_in: SignsIn = "local"
    account: str | None = None


class AccountPage(msgspec.Struct, frozen=True):
    """Accounts by their sign-in names."""

    accounts: list[Account]
    next: str | None


class Invitation(msgspec.Struct, frozen=True):
    """An invitation, which is shown once: whoever opens `url` sets the password of the account."""

    account: str
    url: str
    expires_at: dt.datetime


class NewToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A token to be made. `until` is a day, inclusive; `account` another's, for those who may administer it."""

    name: str
    roles: list[Limit] | None = None
    until: dt.date | None = None
    account: str | None = None


class TokenMade(msgspec.Struct, frozen=True):
    """A new token with its secret, which is shown once."""

    token: Token
    secret: str


class TokenList(msgspec.Struct, frozen=True):
    """Tokens, the newest first."""

    tokens: list[Token]


class SessionList(msgspec.Struct, frozen=True):
    """Sessions that hold, the newest first."""

    sessions: list[Session]


class SessionsEnded(msgspec.Struct, frozen=True):
    """How many sessions were ended."""

    ended: int


class AuditPage(msgspec.Struct, frozen=True):
    """Entries of the audit log, the newest first."""

    entries: list[AuditLine]
    next: str | None
