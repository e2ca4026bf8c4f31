"""An event as the service knows it, and the envelope that it travels in."""

from datetime import datetime
from typing import Any, Final, Literal

from msgspec import UNSET, Struct, UnsetType

from events.data import Data
from events.identifiers import EventId, SourcePath, Timestamp, UnitId

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


class Envelope(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """The attributes of a CloudEvent as the contract wants them, in the order in which they are checked."""

    specversion: Literal["1.0"]
    id: EventId
    source: SourcePath
    type: str
    subject: UnitId
    time: Timestamp
    data: dict[str, Any]
    datacontenttype: Literal["application/json"] | UnsetType = UNSET
