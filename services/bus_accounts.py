"""Who may do what on the bus: the accounts of NATS, their users and permissions, in one table and as its configuration.

The same table is signed for a bus where every user has a credential of its own (services/bus_credentials).

NATS does not check the reply subject of a publication: what answers (JetStream, a responder) publishes by its own
authority wherever the asker says. So nobody shares an account with the stream who need not: the others have accounts
of their own without JetStream and reach a few subjects of the log's account as services. The answers come back into
the asker's account, where there is nothing to delete and nothing to forge (docs/decisions/0021).
"""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from events.subjects import ALL_SUBJECTS, PREFIX
from services import shutting_out

LOG: Final = "PARTY"
"""The account of the stream. Its name is the folder of the stream on the disk: another name, and it is out of sight."""
UNITS: Final = "UNITS"
UNIT: Final = "unit"
"""The key that signs the credentials of units, on a bus with signed accounts."""
ANYBODY: Final = "anybody"
"""Who speaks as any unit: with `tonghop up` who connects without a credential, or where one is required its owner."""
GATEWAY: Final = "gateway"
OPERATOR: Final = "operator"
FORWARD: Final = "forward"
"""The user of a leaf's own server that takes what is stored there, and takes it away once the hub has it."""

EVENTS: Final = ALL_SUBJECTS
RECEIPTS: Final = "tonghop.v1.receipts.*"
POSITION: Final = "tonghop.v1.position"
"""Where the projector tells how far the figures are: a decimal number, a hint to look at the database."""
LARGEST_PAYLOAD: Final = 20_480
"""Bytes of a message with its headers that a unit may send at all; the stream takes fewer (`services.log`)."""
MOST_SUBSCRIPTIONS: Final = 4

_API: Final = "$JS.API"
_NEAR: Final = "log"
"""Under this an account imports the log's API: `$JS.API` is every account's own. A mapping leads from one to the other,
so that a client asks in the usual way."""
_INFO: Final = f"{_API}.STREAM.INFO.PARTY"
_GET: Final = f"{_API}.STREAM.MSG.GET.PARTY"
_EXACTLY: Final = f"{_API}.DIRECT.GET.PARTY"
"""Of a message whose subject is not UTF-8, which the answer to the other can't hold."""
_CONSUMER_INFO: Final = f"{_API}.CONSUMER.INFO.PARTY.projector"
_NEXT: Final = f"{_API}.CONSUMER.MSG.NEXT.PARTY.projector"
_ACKNOWLEDGE: Final = "$JS.ACK.PARTY.projector.>"


@dataclass(frozen=True)
class User:
    """One user: where its password comes from, what it may publish and hear. `why` stands in the configuration."""

    name: str
    why: str
    publish: Sequence[str]
    subscribe: Sequence[str] = ("_INBOX.>",)
    deny_publish: Sequence[str] = ()
    deny_subscribe: Sequence[str] = ()
    answers: bool = False
    """Whether it may answer whoever asks it, once each."""
    enabled: bool = True
    with_password: bool = True

    @property
    def variable(self) -> str:
        """Name the variable of the environment that has its password."""
        return f"TONGHOP_{self.name.upper().replace('-', '_')}_PASSWORD"


@dataclass(frozen=True)
class BusAccount:
    """One account: its users, the services that it imports, and those that it exports, with who may use them."""

    name: str
    users: Sequence[User]
    jetstream: bool = False
    imports: Sequence[tuple[str, str]] = ()
    """Account and subject. Subjects of `$JS.API` are reached by the client under their own names all the same."""
    exports: Mapping[str, Sequence[str]] = field(default_factory=dict)
    hears: Sequence[tuple[str, str]] = ()
    """Account and subject of what is told there: a stream in NATS' words, by which nothing goes the other way."""
    tells: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """What it tells, and which accounts may hear it."""
    limits: Mapping[str, int] = field(default_factory=dict)
    includes: str = ""
    """A file beside the configuration with more of the account: who is shut out (services/shutting_out.py)."""


def _reading(name: str, user: User) -> BusAccount:
    """Describe an account that reaches the log only by what its user may publish.

    The server looks at permissions when it has mapped a subject: they name what stands behind the mapping.
    """
    mapped = replace(user, publish=[near(subject) for subject in user.publish])
    hears = [(LOG, subject) for subject in user.subscribe if subject == POSITION]
    return BusAccount(name, [mapped], imports=[(LOG, subject) for subject in user.publish], hears=hears)


def unit(publisher: str) -> User:
    """Describe the user of a unit's system: it speaks as itself, asks for its own receipts, hears its own inbox."""
    return User(
        publisher,
        f"One entry a unit's system: it publishes with `--inbox-prefix _INBOX_{publisher}`, and hears nobody else's.",
        publish=[f"{PREFIX}.{publisher}.>", f"tonghop.v1.receipts.{publisher}"],
        subscribe=[f"_INBOX_{publisher}.>"],
        deny_publish=[f"{PREFIX}.*.access.>"],
    )


def every_unit() -> User:
    """Describe the users of all units at once, for the one key that signs their credentials."""
    return replace(unit("{{name()}}"), name=UNIT)


def below(unit_: str, units: Iterable[str]) -> BusAccount:
    """Describe the account of a leaf: its one user speaks as a unit and as these below it, and as nobody else.

    The list stands in the account and not in the credential: 4 KiB is all that a server reads of somebody who has not
    signed in yet. It may ask for receipts as the unit itself, which is told of those below it.
    """
    user = replace(
        unit(unit_),
        name=below_name(unit_),
        why=f"The leaf of {unit_}: `tonghop forward`.",
        publish=[*(f"{PREFIX}.{one}.>" for one in units), f"tonghop.v1.receipts.{unit_}"],
    )
    return replace(_of_units([user]), name=f"BELOW-{unit_}")


def below_name(unit_: str) -> str:
    """Name the user that speaks as a unit and those below it, and the key that signs its credential."""
    return f"below-{unit_}"


def anybody() -> User:
    """Describe whoever connects without a credential: it speaks as any unit and asks for receipts, and nothing else."""
    return User(
        ANYBODY,
        "A client without a credential.",
        publish=[f"{PREFIX}.*.>", RECEIPTS],
        subscribe=["*.>"],  # inboxes under whatever prefix: nothing else is sent to anybody in this account
        deny_publish=[f"{PREFIX}.*.access.>"],
        deny_subscribe=["party.>", "tonghop.>", "$JS.>", "$SYS.>", "$SRV.>", "_R_.>"],
        with_password=False,
    )


def accounts(units: Iterable[User], *, operator: bool) -> list[BusAccount]:
    """List the accounts, with these users for units, and the operator's user able to sign in or not."""
    users = {
        "migrate": User(
            "migrate",
            "`tonghop migrate`: makes the stream and its consumer where they are missing. It changes, empties, deletes "
            "and restores nothing.",
            publish=[
                *(_INFO, f"{_API}.STREAM.CREATE.PARTY"),
                *(_CONSUMER_INFO, f"{_API}.CONSUMER.CREATE.PARTY.projector"),
                f"{_API}.CONSUMER.DURABLE.CREATE.PARTY.projector",
            ],
        ),
        "projector": User(
            "projector",
            "`tonghop projector`: takes the log, answers for receipts and tells its position. It shares the "
            "log's account (a service ends at a message that is empty), so its password is to be guarded. It makes, "
            "changes and deletes nothing.",
            publish=[_INFO, _GET, _EXACTLY, _CONSUMER_INFO, _NEXT, _ACKNOWLEDGE, POSITION],
            subscribe=["_INBOX.>", f"{RECEIPTS} receipts"],
            answers=True,
        ),
        "api": User(
            "api",
            "`tonghop api`: asks how far the log goes, and hears how far the figures are.",
            publish=[_INFO],
            subscribe=["_INBOX.>", POSITION],
        ),
        GATEWAY: User(
            GATEWAY,
            "`tonghop api` when it publishes: grants of access, which nobody else may publish, and what comes by HTTP.",
            publish=[EVENTS],
        ),
        "reader": User(
            "reader",
            "`tonghop verify --from-log` and `--chain`: reads the log and nothing else.",
            publish=[_INFO, _GET, _EXACTLY],
        ),
        "backup": User(
            "backup",
            "`tonghop backup`. The server sends a snapshot where its asker says: to be guarded like the operator's.",
            publish=[_INFO, _GET, f"{_API}.STREAM.SNAPSHOT.PARTY", "$JS.SNAPSHOT.ACK.PARTY.>"],
        ),
        OPERATOR: User(
            OPERATOR,
            "`tonghop restore`, and changing or removing the stream. Off by default: take the comment signs away for "
            "as long as it is needed, and reload (`nats-server --signal reload`).",
            publish=[f"{_API}.>", "$JS.SNAPSHOT.>", "$JS.ACK.>"],
            enabled=operator,
        ),
    }
    parts = [_reading(name.upper(), users[name]) for name in ("migrate", "api", GATEWAY, "reader")]
    exports = {EVENTS: [UNITS], RECEIPTS: [UNITS]}
    tells: dict[str, list[str]] = {}
    for part in parts:
        for _, subject in part.imports:
            exports.setdefault(subject, []).append(part.name)
        for _, subject in part.hears:
            tells.setdefault(subject, []).append(part.name)
    inside = [users[name] for name in ("projector", "backup", OPERATOR)]
    return [
        BusAccount(LOG, inside, jetstream=True, exports=exports, tells=tells),
        *parts,
        _of_units(list(units)),
    ]


def of_a_leaf() -> list[BusAccount]:
    """List the accounts of a leaf's server, on which units sign in with the credentials that the hub gave them.

    What is stored there is taken by one user, in the account of the store; nothing here is known at the hub.
    """
    user = User(
        FORWARD,
        "`tonghop forward`: makes the store, reads it, and takes away what the hub has acknowledged.",
        publish=[
            *(f"{_API}.STREAM.{what}.PARTY" for what in ("INFO", "CREATE", "UPDATE", "PURGE", "MSG.GET", "MSG.DELETE")),
            _EXACTLY,
        ],
    )
    return [
        BusAccount(LOG, [user], jetstream=True, exports={EVENTS: [UNITS]}),
        replace(_of_units([every_unit()]), imports=[(LOG, EVENTS)]),
    ]


def _of_units(users: Sequence[User]) -> BusAccount:
    return BusAccount(
        UNITS,
        users,
        imports=[(LOG, EVENTS), (LOG, RECEIPTS)],
        limits={"max_payload": LARGEST_PAYLOAD, "max_subscriptions": MOST_SUBSCRIPTIONS},
        includes=shutting_out.FILE,
    )


def passwords(listed: Iterable[BusAccount]) -> dict[str, str]:
    """Name the users that have a password, and the variable that each one's comes from."""
    return {
        user.name: user.variable for account in listed for user in account.users if user.with_password and user.enabled
    }


def written(listed: Iterable[BusAccount]) -> str:
    """Write accounts as nats-server's configuration; passwords are variables of the server's environment."""
    blocks = [_block(account.name, _account(account)) for account in listed]
    return "\n".join([*_block("accounts", [line for block in blocks for line in block]), ""])


def _account(account: BusAccount) -> list[str]:
    lines = ["jetstream: enabled"] if account.jetstream else []
    if account.limits:
        lines += _block("limits:", [f"{name}: {value}" for name, value in account.limits.items()])
    lines += _block("users:", [line for user in account.users for line in _user(user)], "[]")
    mapped = [subject for _, subject in account.imports if near(subject) != subject]
    if mapped:
        lines += _block("mappings:", [f'"{subject}": "{near(subject)}"' for subject in mapped])
    imports = [_import(source, subject) for source, subject in account.imports]
    imports += [f'{{ stream: {{ account: {source}, subject: "{subject}" }} }}' for source, subject in account.hears]
    if imports:
        lines += _block("imports:", imports, "[]")
    exports = [_export("service", subject, to) for subject, to in account.exports.items()]
    exports += [_export("stream", subject, to) for subject, to in account.tells.items()]
    if exports:
        lines += _block("exports:", exports, "[]")
    if account.includes:
        lines.append(f'include "./{account.includes}"')
    return lines


def _user(user: User) -> list[str]:
    permissions = [
        *_allowed("publish", user.publish, user.deny_publish),
        *_allowed("subscribe", user.subscribe, user.deny_subscribe),
        *(['allow_responses: { max: 1, expires: "1m" }'] if user.answers else []),
    ]
    password = [f"password: ${user.variable}"] if user.with_password else []
    lines = _block("", [f"user: {user.name}", *password, *_block("permissions:", permissions)])
    why = [f"# {line}" for line in textwrap.wrap(user.why, 140)]
    return [*why, *(lines if user.enabled else [f"# {line}" for line in lines])]


def _allowed(what: str, allow: Sequence[str], deny: Sequence[str]) -> list[str]:
    allowed = [json.dumps(subject) for subject in allow]
    if not deny:
        return _block(f"{what}:", allowed, "[]")
    denied = [json.dumps(subject) for subject in deny]
    return _block(f"{what}:", [*_block("allow:", allowed, "[]"), *_block("deny:", denied, "[]")])


def _block(name: str, inside: Sequence[str], brackets: str = "{}") -> list[str]:
    begun = f"{name} {brackets[0]}".lstrip()
    if len(inside) == 1 and "{" not in inside[0]:
        return [f"{begun} {inside[0]} {brackets[1]}"]
    return [begun, *(f"  {line}" for line in inside), brackets[1]]


def near(subject: str) -> str:
    """Give the subject under which an account that imports this one of the log's has it for itself."""
    return _NEAR + subject.removeprefix(_API) if subject.startswith(f"{_API}.") else subject


def _import(source: str, subject: str) -> str:
    to = "" if near(subject) == subject else f', to: "{near(subject)}"'
    return f'{{ service: {{ account: {source}, subject: "{subject}" }}{to} }}'


def _export(kind: str, subject: str, to: Sequence[str]) -> str:
    return f'{{ {kind}: "{subject}", accounts: [{", ".join(to)}] }}'


SHIPPED: Final = """\
# Who may do what on the bus. The publisher of an event is what its subject says: these permissions protect it.
# Written by `python -m services.bus_accounts`, the same as in the server of `tonghop up`; add units at the end.
#
# NATS does not check the reply subject of a publication: what answers publishes by its own authority wherever the
# asker says. So units, and each part that need not share the log's account, are in accounts of their own, without
# JetStream, and reach it by the services that they import (docs/decisions/0021-accounts-of-the-bus.md).
#
# Passwords are variables of the server's environment: letters and digits, beginning with a letter, each another one.
# The log's account is PARTY, as it was before there were others: its name is the folder of the stream on the disk.
# A server that ran without accounts is taken over as the record named above says.
# The system account stays the server's own ($SYS, without users): with another one a cluster would not find its stream.
# Thousands of units are better served by signed credentials: `tonghop credential`, single-signed.conf.
"""


def shipped(*, operator: bool = False) -> str:
    """Write deploy/nats/accounts.conf."""
    return SHIPPED + written(accounts([unit("gia-binh")], operator=operator))


if __name__ == "__main__":
    sys.stdout.write(shipped())
