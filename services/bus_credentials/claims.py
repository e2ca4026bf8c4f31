"""The table of accounts (services/bus_accounts.py) as what an operator signs: account JWTs with a key for each user."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from events.subjects import PREFIX
from services.bus_accounts import BusAccount, User, near
from services.connecting.bus import SHUT_OUT

SYSTEM: Final = "SYS"
"""The account of the servers themselves: whoever hands them accounts signs in there."""
HANDING: Final = "handing"
"""The user that hands accounts to the servers."""

_NONE_AT_ALL: Final = 0
_UNLIMITED: Final = -1
_ANSWERED_WITHIN: Final = 60_000_000_000
"""Nanoseconds."""


class Standing(NamedTuple):
    """What changes an account in use: credentials taken back, by key and second; units that are shut out."""

    revoked: Mapping[str, int]
    shut_out: Sequence[str] = ()


def system() -> BusAccount:
    """Describe the account of the servers: who hands them accounts may do that, and ask what they have."""
    asked = ["$SYS.REQ.CLAIMS.UPDATE", "$SYS.REQ.ACCOUNT.*.CLAIMS.LOOKUP", "$SYS.REQ.SERVER.PING"]
    return BusAccount(SYSTEM, [User(HANDING, "`tonghop credential revoke`: hands accounts to the servers.", asked)])


def operator(system_account: str) -> dict[str, Any]:
    """Describe the operator."""
    return {"type": "operator", "system_account": system_account}


def account(
    described: BusAccount, public: Mapping[str, str], keys: Mapping[str, str], standing: Standing
) -> dict[str, Any]:
    """Describe an account: `public` are the accounts' keys, `keys` those that sign its users, by the user's name.

    A user that is signed by such a key may what stands here and nothing else, whatever its own JWT says. A unit's name
    takes the place of `{{name()}}`, so that one key is enough for all of them.
    """
    claims: dict[str, Any] = {
        "type": "account",
        "limits": _limits(described),
        "default_permissions": {"pub": {"deny": [">"]}, "sub": {"deny": [">"]}},
        "signing_keys": [
            {"kind": "user_scope", "key": keys[user.name], "role": user.name, "template": _template(user, described)}
            for user in described.users
        ],
    }
    imports = [_import(subject, public[source]) for source, subject in described.imports]
    imports += [_named(subject, "stream") | {"account": public[source]} for source, subject in described.hears]
    if imports:
        claims["imports"] = imports
    exports = [_named(subject, "service") for subject in described.exports]
    exports += [_named(subject, "stream") for subject in described.tells]
    if exports:
        claims["exports"] = exports
    mapped = {subject: near(subject) for _, subject in described.imports if near(subject) != subject}
    if described.includes:  # who is shut out
        mapped |= {f"{PREFIX}.{unit}.>": f"{SHUT_OUT}{unit}.>" for unit in standing.shut_out}
    if mapped:
        claims["mappings"] = {subject: [{"subject": to, "weight": 100}] for subject, to in mapped.items()}
    if standing.revoked:
        claims["revocations"] = dict(sorted(standing.revoked.items()))
    return claims


def credential(account_key: str) -> dict[str, Any]:
    """Describe a user that has what the key gives it that signs it: it must say nothing of its own."""
    return {"type": "user", "issuer_account": account_key}


def _limits(described: BusAccount) -> dict[str, Any]:
    storage = _UNLIMITED if described.jetstream else _NONE_AT_ALL
    return {
        "subs": described.limits.get("max_subscriptions", _UNLIMITED),
        "payload": described.limits.get("max_payload", _UNLIMITED),
        "data": _UNLIMITED,
        "conn": _UNLIMITED,
        "leaf": _NONE_AT_ALL,
        "imports": _UNLIMITED,
        "exports": _UNLIMITED,
        "wildcards": True,
        "disallow_bearer": True,
        **dict.fromkeys(("mem_storage", "disk_storage", "streams", "consumer"), storage),
    }


def _template(user: User, described: BusAccount) -> dict[str, Any]:
    template: dict[str, Any] = {
        "pub": _allowed(user.publish, user.deny_publish),
        "sub": _allowed(user.subscribe, user.deny_subscribe),
        "subs": described.limits.get("max_subscriptions", _UNLIMITED),
        "payload": described.limits.get("max_payload", _UNLIMITED),
        "data": _UNLIMITED,
        "allowed_connection_types": ["STANDARD", "WEBSOCKET"],
    }
    if user.answers:
        template["resp"] = {"max": 1, "ttl": _ANSWERED_WITHIN}
    return template


def _allowed(allow: Iterable[str], deny: Iterable[str]) -> dict[str, list[str]]:
    found = {"allow": list(allow), "deny": list(deny)}
    return {name: subjects for name, subjects in found.items() if subjects}


def _import(subject: str, source: str) -> dict[str, Any]:
    found = _named(subject, "service") | {"account": source}
    return found | ({"local_subject": near(subject)} if near(subject) != subject else {})


def _named(subject: str, kind: str) -> dict[str, Any]:
    return {"name": subject, "subject": subject, "type": kind}
