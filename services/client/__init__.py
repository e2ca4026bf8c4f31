"""What a unit's own system sends and asks with, without a server library (contract §8, For unit systems).

    client = Client("https://tonghop.example.org", token=Path("token"))
    with client, Outbox("events.outbox", client) as outbox:
        outbox.put(event("xa-dai-bai", MemberAdmitted(member="2023-014", decided_on=date(2023, 12, 1))))

`Client` and `AsyncClient` have the same methods, over HTTP or over the bus by their address. `Outbox` keeps events on
disk until the service has them. What they raise is a tree (`services.client.errors`).
"""

from events.data import (
    BadgeAwarded,
    CandidateIntroduced,
    CandidateTrained,
    EventRetracted,
    Facets,
    FigureDeclared,
    MemberAdmitted,
    MemberConfirmed,
    MemberDeparted,
    MemberRestored,
    MemberTransferred,
    TargetAssigned,
    UnitDissolved,
    UnitEstablished,
    UnitMoved,
    UnitReleveled,
    UnitRenamed,
)
from events.envelope import Event
from projections.answers.report.report_answers import Behind, Report, Said, UnitDay, UnitPage
from services.client.asynchronous import AsyncClient
from services.client.blocking import Client
from services.client.errors import (
    AnsweredError,
    AwayError,
    BadRequestError,
    ClientError,
    FrozenError,
    MayNotError,
    MisuseError,
    NoSuchError,
    NoTokenError,
    OutboxBusyError,
    OutboxError,
    OutboxFileError,
    OutboxFullError,
    OverHttpOnlyError,
    RefusedEventError,
    StandsNoMoreError,
    StrangeAnswerError,
    UnsafeAddressError,
    UnsendableEventError,
)
from services.client.outbox import Flushed, Outbox
from services.client.outbox_file import OutboxEntry
from services.client.saying import Sayable, event, uuid7
from services.client.told import EventTold, SendReceipt

__all__ = [
    "AnsweredError",
    "AsyncClient",
    "AwayError",
    "BadRequestError",
    "BadgeAwarded",
    "Behind",
    "CandidateIntroduced",
    "CandidateTrained",
    "Client",
    "ClientError",
    "Event",
    "EventRetracted",
    "EventTold",
    "Facets",
    "FigureDeclared",
    "Flushed",
    "FrozenError",
    "MayNotError",
    "MemberAdmitted",
    "MemberConfirmed",
    "MemberDeparted",
    "MemberRestored",
    "MemberTransferred",
    "MisuseError",
    "NoSuchError",
    "NoTokenError",
    "Outbox",
    "OutboxBusyError",
    "OutboxEntry",
    "OutboxError",
    "OutboxFileError",
    "OutboxFullError",
    "OverHttpOnlyError",
    "RefusedEventError",
    "Report",
    "Said",
    "Sayable",
    "SendReceipt",
    "StandsNoMoreError",
    "StrangeAnswerError",
    "TargetAssigned",
    "UnitDay",
    "UnitDissolved",
    "UnitEstablished",
    "UnitMoved",
    "UnitPage",
    "UnitReleveled",
    "UnitRenamed",
    "UnsafeAddressError",
    "UnsendableEventError",
    "event",
    "uuid7",
]
