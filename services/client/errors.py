"""What the client and the outbox raise.

ClientError
├── MisuseError                what was asked for can't be; nothing was sent (a ValueError too)
│   ├── UnsendableEventError   an event that no service would take: `reason`, `field`, `detail`
│   ├── UnsafeAddressError     a token would go to another machine in plain text
│   └── OverHttpOnlyError      the bus doesn't answer this question: name an HTTP address
├── AwayError                  it passes by itself: send the same again, which is harmless
├── AnsweredError              the service says no: `status`, `title`, `detail`, `problem`
│   ├── NoTokenError           401: no token, or one that is over
│   ├── MayNotError            403: the account may not
│   ├── NoSuchError            404
│   ├── StandsNoMoreError      409: what is to be taken back stands no more
│   └── BadRequestError        any other 4xx: `problem` names the parameter
├── RefusedEventError          the event is refused: `told` says why
├── StrangeAnswerError         what answered is no tonghop, or lies: nothing of it is believed
└── OutboxError
    ├── OutboxFileError        the file can't be used: another program's, damaged, or the disk fails
    ├── OutboxFullError        no room on the disk; nothing was changed
    ├── OutboxBusyError        another process holds the file for too long
    └── FrozenError            the id is another event's: what was put is never changed
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from projections.bilingual import Bilingual

if TYPE_CHECKING:
    from services.client.told import EventTold


class ClientError(Exception):
    """The root of them all; the message says it in Vietnamese and in English, and never holds a token."""


class MisuseError(ClientError, ValueError):
    """What was asked for can't be done by anybody: the call is wrong, and nothing was sent."""


class UnsendableEventError(MisuseError):
    """No service would take this event. ``field`` is the path at fault, None where the whole is; see `Reason`."""

    def __init__(self, reason: str, field: str | None, detail: str) -> None:
        super().__init__(
            Bilingual(f"sự kiện sẽ bị từ chối ({reason})", f"the event would be refused ({reason})").within(
                after=f": {field or '-'}: {detail}"
            )
        )
        self.reason = reason
        self.field = field
        self.detail = detail


class UnsafeAddressError(MisuseError):
    """A token would cross the network in plain text."""


class OverHttpOnlyError(MisuseError):
    """The bus takes events and tells their outcomes, and nothing else."""

    def __init__(self, what: str) -> None:
        super().__init__(
            Bilingual(
                f"{what}: chỉ hỏi được qua HTTP, hãy dùng địa chỉ http(s)://",
                f"{what}: over HTTP alone, use an http(s):// address",
            )
        )


class AwayError(ClientError):
    """Nobody answered, or not in time, or there is no room; it was tried for as long as the patience said.

    What was being sent may be in the log all the same: sending it again is harmless. ``retry_after`` are the seconds
    that the service asks to wait, None where it doesn't say; ``reason`` is ``away``, ``too_fast``, ``stream_full`` or
    ``bus_away``.
    """

    def __init__(self, said: Bilingual, reason: str = "away", retry_after: float | None = None) -> None:
        super().__init__(said)
        self.reason = reason
        self.retry_after = retry_after


class AnsweredError(ClientError):
    """The service understood, and says no (RFC 9457); ``problem`` is all that it says."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        title, detail = str(problem.get("title") or ""), str(problem.get("detail") or "")
        super().__init__(f"{status} {title}: {detail}".rstrip(": "))
        self.status = status
        self.title = title
        self.detail = detail
        self.problem = dict(problem)


class NoTokenError(AnsweredError):
    """There is no token, or it is over or taken away."""


class MayNotError(AnsweredError):
    """The account may not do this, or not there."""


class NoSuchError(AnsweredError):
    """There is no such thing, or it is not the account's to know."""


class StandsNoMoreError(AnsweredError):
    """What is to be taken back or said anew doesn't stand."""


class BadRequestError(AnsweredError):
    """The service takes no such request."""


class RefusedEventError(ClientError):
    """The event is not in the log and never will be as it is; ``told`` has reason, field and detail."""

    def __init__(self, told: EventTold) -> None:
        super().__init__(
            Bilingual("sự kiện bị từ chối", "the event is refused").within(
                after=f": {told.publisher} {told.id}: {told.reason} {told.field or ''} {told.detail or ''}".rstrip()
            )
        )
        self.told = told


class StrangeAnswerError(ClientError):
    """What answered doesn't answer as tonghop does; nothing of it is believed, and what was sent is not known to be."""


class OutboxError(ClientError):
    """Something about the outbox's file."""


class OutboxFileError(OutboxError):
    """The file can't be used; what is in it is left as it is."""


class OutboxFullError(OutboxError):
    """There is no room on the disk: nothing of what was asked for was done, and nothing that was put is lost."""


class OutboxBusyError(OutboxError):
    """Another process holds the file for longer than is waited for."""


class FrozenError(OutboxError):
    """The key is that of another event, or of one that may have been sent: what was put is never changed."""
