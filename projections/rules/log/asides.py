"""The messages that could not be decided, and are refused instead: wherever the log is decided, in the same way.

An event whose deciding raises is `rejected: malformed`. The state that it may have changed is of no use: it is loaded
anew, and the message is folded as refused. Where even that raises, it is refused without its names.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from events.codec import Event, Refusal, decode
from events.vocabulary import Reason
from projections.rules.log.message import Message
from projections.rules.log.set_aside import PREFIX, UndecidableError, refusal, said_of


class Asides:
    """Which messages are set aside, why, and which of them without their names."""

    def __init__(self) -> None:
        self._causes: dict[int, str] = {}
        self._nameless: set[int] = set()

    @property
    def positions(self) -> AbstractSet[int]:
        """The positions of all of them."""
        return self._causes.keys()

    def note(self, position: int, cause: BaseException) -> None:
        """Set a message aside by what was raised; raises that where the message is to blame for nothing any more."""
        if position in self._nameless:
            raise cause
        if position in self._causes:
            self._nameless.add(position)
        else:
            self._causes[position] = said_of(cause)

    def is_nameless(self, position: int) -> bool:
        """Tell whether a message is set aside without its names: there is nothing left to leave out of it."""
        return position in self._nameless

    def forget(self, up_to: int) -> bool:
        """Forget those up to a position, that are written by now; tell whether there were any."""
        written = {position for position in self._causes if position <= up_to}
        for position in written:
            del self._causes[position]
        self._nameless -= written
        return bool(written)

    def note_undecidable(self, error: UndecidableError) -> None:
        """Set the message aside that could not be decided."""
        self.note(error.position, error.__cause__ or error)

    def instead_of(self, position: int, event: Event | Refusal) -> Event | Refusal:
        """Return the event, or the refusal of a message that is set aside."""
        cause = self._causes.get(position)
        return event if cause is None else refusal(cause, event, nameless=position in self._nameless)


def decoded(message: Message, root: str) -> Event | Refusal:
    """Decode a message; what the decoder itself can't process is set aside without names."""
    try:
        return decode(message.bus_subject, message.body, root=root)
    except Exception as error:  # noqa: BLE001 - a message is no reason to stop
        return Refusal(Reason.MALFORMED, None, PREFIX + said_of(error), None, None, None, None)
