"""What is told of a piece of work, and the one switch: while it is off a span costs one look at it.

A span has numbers, ids of units and words of the program, `Attribute` lists them all: no event, no member's reference,
no text of an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Final, Literal, NamedTuple, Protocol

from services.tracing.context import HEADER, Context

Attribute = Literal[
    "error.type",
    "http.request.method",
    "http.response.status_code",
    "http.route",
    "messaging.batch.message_count",
    "tonghop.position",
    "tonghop.position.first",
    "tonghop.publisher",
]
Kind = Literal["server", "consumer", "producer", "internal"]
Attributes = Mapping[Attribute, str | int]


class WorkPart(NamedTuple):
    """A piece of work within another that is over: its name, and nanoseconds since 1970 from when to when."""

    name: str
    began: int
    ended: int


class WorkSpan(Protocol):
    """A piece of work that is under way."""

    @property
    def told(self) -> bool:
        """Whether anybody hears of it: what is not told needs no attributes."""

    @property
    def trace(self) -> str | None:
        """The trace that it belongs to, 32 hexadecimal digits; None while tracing is off."""

    @property
    def context(self) -> Context | None:
        """As it is handed to others; None while tracing is off."""

    def note(self, attributes: Attributes, /, *, name: str | None = None) -> None:
        """Say more of it, or how it is called."""

    def failed(self, error: BaseException | None = None, /) -> None:
        """Say that it failed, and by which kind of error."""

    def part(self, part: WorkPart, /) -> None:
        """Tell a piece of it that is over."""

    def link(self, others: Sequence[Context], /) -> None:
        """Say which spans elsewhere it is about."""

    def end(self, at: int | None = None, /) -> None:
        """End one that `Tracing.begun` gave; at nanoseconds since 1970, or now."""


class Tracing(Protocol):
    """What tells spans."""

    def current(self) -> WorkSpan:
        """Give the span of the work that this runs in."""

    def span(
        self, name: str, kind: Kind, attributes: Attributes, parent: Context | None
    ) -> AbstractContextManager[WorkSpan]:
        """Give a span that is the current one within, and fails by what is raised there."""

    def begun(self, name: str, kind: Kind, attributes: Attributes, parent: Context | None, at: int | None) -> WorkSpan:
        """Begin a span that is ended by hand and is never the current one."""

    def end(self) -> None:
        """Send what is still to be sent, for a few seconds at the most."""


class _Nothing:
    """The span of what is not told."""

    told = False
    trace = None
    context = None

    def note(self, _attributes: Attributes, /, *, name: str | None = None) -> None:
        pass

    def failed(self, _error: BaseException | None = None, /) -> None:
        pass

    def part(self, _part: WorkPart, /) -> None:
        pass

    def link(self, _others: Sequence[Context], /) -> None:
        pass

    def end(self, _at: int | None = None, /) -> None:
        pass

    def __enter__(self) -> WorkSpan:
        return self

    def __exit__(self, *_: object) -> None:
        pass


NOTHING: Final = _Nothing()
NO_ATTRIBUTES: Final[Attributes] = {}
_active: Tracing | None = None


def on() -> bool:
    """Whether spans are told at all."""
    return _active is not None


def within() -> bool:
    """Whether this runs in a span already."""
    return _active is not None and _active.current().context is not None


def span(
    name: str, kind: Kind = "internal", attributes: Attributes = NO_ATTRIBUTES, parent: Context | None = None
) -> AbstractContextManager[WorkSpan]:
    """Give a span for a piece of work, below the one that it runs in, or below ``parent``."""
    return NOTHING if _active is None else _active.span(name, kind, attributes, parent)


def begun(
    name: str,
    kind: Kind = "internal",
    attributes: Attributes = NO_ATTRIBUTES,
    *,
    parent: Context | None = None,
    at: int | None = None,
) -> WorkSpan:
    """Begin a span of its own trace, or below ``parent``, that is ended by hand."""
    return NOTHING if _active is None else _active.begun(name, kind, attributes, parent, at)


def note(attributes: Attributes) -> None:
    """Say more of the span that this runs in."""
    if _active is not None:
        _active.current().note(attributes)


def carried() -> dict[str, str]:
    """Give the header that says to others which span this is; none where nobody is told of it."""
    if _active is None:
        return {}
    current = _active.current()
    return {HEADER: str(current.context)} if current.told else {}


def use(tracing: Tracing | None) -> None:
    """Tell spans by this from now on, or by nothing."""
    global _active  # noqa: PLW0603 - the one switch of a process
    _active = tracing


@contextmanager
def using(tracing: Tracing) -> Iterator[None]:
    """Tell spans by this within, then send what is left and tell nothing any more."""
    use(tracing)
    try:
        yield
    finally:
        use(None)
        tracing.end()
