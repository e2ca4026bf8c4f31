"""An event as the service knows it, the envelope that it travels in, and the refusal that stands in its place."""

from datetime import datetime
from typing import Any, Final, Literal

from msgspec import UNSET, Struct, UnsetType

from events.data import Data
from events.identifiers import EventId, Source, Timestamp, UnitId
from events.vocabulary import Reason

MAX_BYTES: Final = 16 * 1024


class Event(Struct, frozen=True, gc=False):
    """One thing that was said: `publisher` says `data` about the unit `subject`.

    `(publisher, id)` names it for ever; `time` is when it was recorded, with its offset, and decides nothing.
    """

    publisher: str
    id: str
    type: str
    subject: str
    time: datetime
    data: Data


class Refusal(Struct, frozen=True, gc=False):
    """A message that can never hold, read as far as it could be.

    `field` is the path of the first thing that is wrong, None where there is no such thing (`malformed`). `publisher`
    is the bus subject's, the rest is the message's; each is None unless it is well formed. `detail` quotes no value of
    the message: it may be shown to whoever runs the service.
    """

    reason: Reason
    field: str | None
    detail: str
    publisher: str | None
    id: str | None
    type: str | None
    subject: str | None


class Envelope(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """The attributes of a CloudEvent as the contract wants them, in the order in which they are checked."""

    specversion: Literal["1.0"]
    id: EventId
    source: Source
    type: str
    subject: UnitId
    time: Timestamp
    data: dict[str, Any]
    datacontenttype: Literal["application/json"] | UnsetType = UNSET
