"""An outbox: what is put into it is on the disk, and goes to the service until that has it, over restarts and weeks."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Protocol, Self

from projections.bilingual import Bilingual
from services.client.errors import (
    AnsweredError,
    AwayError,
    ClientError,
    OutboxBusyError,
    StrangeAnswerError,
    UnsendableEventError,
)
from services.client.outbox_file import DECIDED, REFUSED, SENT, WAITING, OutboxEntry, OutboxFile, State
from services.client.outbox_locks import Turn
from services.client.outbox_rules import (
    FIRST_PAUSE,
    FORBIDDEN,
    LONGEST_PAUSE,
    Asking,
    decided_now,
    is_about_the_batch,
    not_all,
    sent_now,
)
from services.client.saying import Sayable, kept_line, lines_of
from services.client.told import UNSENT, EventTold, SendReceipt
from services.connecting.patience import Backoff

MOST: Final = 1_000
"""Events that go at a time."""
MOST_BYTES: Final = 4 << 20
_LOOKS_AT_LEAST_EVERY: Final = 5.0
"""Seconds after which what another process has put is seen."""
_PATIENCE: Final = 30.0
_PAGE: Final = 500
_MOST_FAILED: Final = 5
"""Events that fail by themselves in one round before the service is taken for the one at fault."""

_log = logging.getLogger("tonghop.outbox")


class Sends(Protocol):
    """What an outbox needs of a client; `Client` has it."""

    def send_many(self, said: Iterable[Sayable], *, wait: float = 0.0, patience: float | None = None) -> SendReceipt:
        """Send events in their order."""

    def look_up(
        self, said: Sequence[Sayable], *, positions: Sequence[int | None] | None = None
    ) -> list[EventTold | None]:
        """Tell what became of events, None for one that the log hasn't, as far as it has been read."""


class Flushed(NamedTuple):
    """What one round of sending came to: events that the log has now, that were refused, and that wait still."""

    sent: int
    refused: int
    waiting: int


class Outbox:
    """Events that were put and not sent yet, in a file; ``with`` (or `start`) sends them in a thread of its own.

    What was put is frozen: its bytes are sent until the log has them, and never change. Events go in the order in which
    they were put. One that is refused for good (`entries("refused")`) holds nobody up; one that may not be sent as its
    publisher now waits, and with it what that publisher has put after it, for an order of one's own is kept. What was
    sent twice counts once, so two processes may share a file, and who is killed loses and doubles nothing.

    Any method may be called from any thread. In a coroutine: ``await asyncio.to_thread(outbox.put, event)``.
    """

    def __init__(self, path: str | Path, client: Sends, *, patience: float = _PATIENCE) -> None:
        """Open or make the file; ``patience``: seconds for which another process that holds it is waited for.

        Raises OutboxFileError where it can't be used, OutboxFullError, OutboxBusyError.
        """
        self._file = OutboxFile(Path(path), patience=patience)
        self._turn = Turn(Path(path))
        self._client = client
        self._patience = patience
        self._most = MOST
        self._news = threading.Event()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._trouble: ClientError | None = None
        self._held: dict[str, tuple[float, Backoff]] = {}
        """Publishers that are not sent for now: until when by the clock that nobody sets, and the pauses after that."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Send what is there, and what will be put, in a thread of its own until `close`."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="tonghop outbox", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop sending and close the file; what is in it is sent by whoever opens it next."""
        self._ended.set()
        self._news.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._file.close()

    def put(self, said: Sayable) -> bool:
        """Keep an event; it is on the disk when this returns. False where it was there already, with this content.

        Raises UnsendableEventError where no service would take it, FrozenError where its id is there with another
        content, OutboxFullError, OutboxBusyError, OutboxFileError; then nothing was put.
        """
        return self.put_many([said]) == 1

    def put_many(self, said: Iterable[Sayable]) -> int:
        """Keep events, all or none of them, and return how many were not there already. Raises as `put`."""
        new = self._file.put(lines_of(said))
        self._news.set()
        return new

    def flush(self) -> Flushed:
        """Send all that waits now, and say what it came to. Raises AwayError where nobody takes it, AnsweredError.

        For a program that sends at times of its own, in place of `start`. Waits for another process that is sending;
        raises OutboxBusyError where that takes too long.
        """
        with self._turn.taken(self._patience) as ours:
            if not ours:
                raise OutboxBusyError(
                    Bilingual("tiến trình khác đang gửi", "another process is sending", f"{self._file.path}: ")
                )
            self._held.clear()
            return self._flushed()

    def refresh(self) -> int:
        """Ask what became of all that is sent and not decided for good; return of how many that is news.

        Raises AwayError, AnsweredError.
        """
        news, after = 0, 0
        while page := self._file.page(SENT, after, _PAGE):
            after = page[-1].number
            kept = [kept_line(each.body) for each in page]
            told = self._client.look_up(kept, positions=[each.position for each in page])
            news += self._file.note(decided_now(page, told))
            if self._ended.is_set() or not any(told):  # the log hasn't been read so far
                break
        return news

    def outcomes(self) -> Iterator[OutboxEntry]:
        """Give what is known of all events that the log has, in the order in which they were put."""
        yield from (entry for entry in self._file.entries() if entry.state in {SENT, DECIDED})

    def entries(self, state: State | None = None) -> Iterator[OutboxEntry]:
        """Give all events, or those that are ``waiting``, ``sent``, ``decided`` or ``refused``, in their order."""
        return self._file.entries(state)

    def find(self, publisher: str, id: str) -> OutboxEntry | None:  # noqa: A002 - the contract's name for it
        """Give what is known of one event, None where it isn't here."""
        return self._file.find(publisher, id)

    def withdraw(self, publisher: str, id: str) -> bool:  # noqa: A002 - the contract's name for it
        """Take an event out that was never on its way, or was refused: it may be put anew, with other content.

        False where there is none; raises FrozenError where the service may have it.
        """
        return self._file.withdraw(publisher, id)

    def forget(self, most: int | None = None) -> int:
        """Remove what is decided, the oldest first, at most so many; return how many that were. The log has them."""
        return self._file.forget(most)

    def counts(self) -> Mapping[State, int]:
        """Count the events in each state."""
        return self._file.counts()

    @property
    def trouble(self) -> ClientError | None:
        """Why the last try of the thread failed, None where all is well."""
        return self._trouble

    def _flushed(self) -> Flushed:
        """Send batch by batch; a batch that is too much for the line or for a proxy is tried again in halves."""
        sent = refused = failed = 0
        while not self._ended.is_set() and (taken := self._file.take(self._most, MOST_BYTES, self._passed_over())):
            known = self._tried(taken)
            if known is None:
                failed += len(taken) == 1
                if failed > _MOST_FAILED:  # it is not the events
                    raise AwayError(Bilingual("dịch vụ không nhận gì", "the service takes nothing"), "not_taken")
                continue
            sent += sum(entry.state in {SENT, DECIDED} for entry in known)
            refused += sum(entry.state == REFUSED for entry in known)
        return Flushed(sent, refused, self._file.counts()[WAITING])

    def _tried(self, taken: Sequence[OutboxEntry]) -> list[OutboxEntry] | None:
        """Send a batch and note what is known of it; None where as a whole it is taken by nobody."""
        try:
            told = self._client.send_many([kept_line(entry.body) for entry in taken], patience=0.0).items
        except AwayError:
            self._most = max(1, len(taken) // 2)
            raise
        except (AnsweredError, StrangeAnswerError, UnsendableEventError) as error:
            if not is_about_the_batch(error):
                raise
            self._most = max(1, len(taken) // 2)
            if len(taken) == 1:
                self._hold(taken[0], "not_taken", str(error))
            return None
        self._most = min(MOST, max(self._most, len(taken)) * 2)
        known = [sent_now(entry, item) for entry, item in zip(taken, told, strict=True)]
        self._file.note(known)
        for entry in known:
            if entry.state == WAITING and entry.reason == FORBIDDEN:
                self._hold(entry, entry.reason, entry.detail)
            elif entry.state == SENT:
                self._held.pop(entry.publisher, None)
        if any(item.status == UNSENT for item in told):
            raise not_all(told)
        return known

    def _passed_over(self) -> set[str]:
        """Name the publishers whose events can't be sent now."""
        now = time.monotonic()
        return {publisher for publisher, (until, _) in self._held.items() if until > now}

    def _hold(self, entry: OutboxEntry, reason: str, detail: str | None) -> None:
        """Let a publisher's events wait, longer each time; nobody else's do."""
        self._file.note([entry._replace(reason=reason, detail=detail)])
        until, backoff = self._held.get(entry.publisher, (0.0, Backoff(first=FIRST_PAUSE, longest=LONGEST_PAUSE)))
        if until <= time.monotonic():
            self._held[entry.publisher] = (time.monotonic() + backoff.next(), backoff)
            _log.warning("%s waits: %s %s", entry.publisher, reason, detail or "")

    def _run(self) -> None:
        """Send whenever there is something, ask for outcomes now and then; whatever fails is tried again later."""
        sending, asking = Backoff(first=FIRST_PAUSE, longest=LONGEST_PAUSE), Asking()
        while not self._ended.is_set():
            self._news.clear()
            try:
                self._round(asking)
            except ClientError as error:
                trouble = error
            except Exception as error:  # noqa: BLE001 - a thread that ends here would send nothing more
                trouble = ClientError(f"{type(error).__name__}: {error}")
            else:
                self._trouble = None
                sending.reset()
                if not self._ended.is_set():  # its news may have been cleared
                    self._news.wait(min(_LOOKS_AT_LEAST_EVERY, asking.left()))
                continue
            if str(trouble) != str(self._trouble):
                _log.warning("%s", trouble)
            self._trouble = trouble
            pause = max(sending.next(), (trouble.retry_after if isinstance(trouble, AwayError) else None) or 0.0)
            self._ended.wait(pause)  # while nothing can be sent, nobody who puts something hastens it

    def _round(self, asking: Asking) -> None:
        with self._turn.taken(0.0) as ours:
            if ours and self._flushed().sent:
                asking.soon()
        if asking.is_due() and self._file.page(SENT, 0, 1) and self.refresh():
            asking.soon()
