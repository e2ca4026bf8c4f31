"""A message that can never hold: what stands in an event's place, and why."""

from msgspec import Struct

from events.vocabulary import Reason


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
