"""The file of an outbox: events in the order in which they were put, and what is known of each (SQLite, WAL).

Nothing in it is decided by a clock. A step is a transaction; what was committed is on the disk (``synchronous=FULL``).
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from events.codec import same_content
from projections.bilingual import Bilingual
from services.client.errors import FrozenError, OutboxFileError
from services.client.outbox_locks import OPENING, damaged, in_our_words, made
from services.publishing.lines import Line

State = Literal["waiting", "sent", "decided", "refused"]
WAITING: Final[State] = "waiting"
SENT: Final[State] = "sent"
DECIDED: Final[State] = "decided"
REFUSED: Final[State] = "refused"
STATES: Final = (WAITING, SENT, DECIDED, REFUSED)

APPLICATION: Final = 0x74686F62
"""Of the file, so that another program's is told apart (`PRAGMA application_id`)."""
VERSION: Final = 1
_PAGE: Final = 500
_SCHEMA: Final = f"""
CREATE TABLE event (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    publisher TEXT NOT NULL,
    id TEXT NOT NULL,
    body BLOB NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'decided', 'refused')),
    tried INTEGER NOT NULL DEFAULT 0,
    position INTEGER,
    outcome TEXT,
    reason TEXT,
    field TEXT,
    detail TEXT,
    UNIQUE (publisher, id)
);
CREATE INDEX event_by_state ON event (state, number);
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {VERSION};
"""
_NOTE: Final = """
UPDATE event SET state = ?1, position = ?2, outcome = ?3, reason = ?4, field = ?5, detail = ?6
WHERE number = ?7 AND state != 'decided' AND NOT (state = 'sent' AND ?1 = 'waiting')
AND (state, position, outcome, reason) IS NOT (?1, ?2, ?3, ?4)
"""
_FIELDS: Final = "number, publisher, id, body, state, tried, position, outcome, reason, field, detail"


class OutboxEntry(NamedTuple):
    """An event in an outbox.

    ``state``: ``waiting`` to be sent (``reason`` says why it could not be yet); ``sent``, in the log at ``position``,
    not decided for good (``outcome`` is None, or ``parked``); ``decided``, with its ``outcome``; ``refused``, it never
    will be in the log as it is. ``tried``: how often it was on its way.
    """

    number: int
    publisher: str
    id: str
    body: bytes
    state: State
    tried: int
    position: int | None
    outcome: str | None
    reason: str | None
    field: str | None
    detail: str | None


class OutboxFile:
    """One connection, for any thread. Raises OutboxError from every method, and then nothing was changed."""

    def __init__(self, path: Path, *, patience: float) -> None:
        self.path = path
        self._lock = threading.RLock()
        with self._said(), OPENING:
            made(path)
            self._connection = sqlite3.connect(path, timeout=patience, isolation_level=None, check_same_thread=False)
            try:
                self._prepare()
            except BaseException:
                self._connection.close()
                raise

    def close(self) -> None:
        """Close the file; everything that was put is in it."""
        with self._lock, suppress(sqlite3.Error):
            self._connection.close()

    def put(self, lines: Sequence[Line]) -> int:
        """Keep events, all or none, and return how many are new: one that is there with the same content is not.

        They are on the disk when this returns. Raises FrozenError where an id is there with other content.
        """
        new = 0
        with self._transaction() as run:
            for line in lines:
                key = (line.publisher, line.id)
                there = run("SELECT body FROM event WHERE publisher = ? AND id = ?", key).fetchone()
                if there is None:
                    run("INSERT INTO event (publisher, id, body) VALUES (?, ?, ?)", (*key, line.body))
                    new += 1
                elif not same_content(there[0], line.body):
                    raise FrozenError(
                        Bilingual(
                            "mã này đã dùng cho sự kiện khác", "the id is another event's", f"{key[0]} {key[1]}: "
                        )
                    )
        return new

    def take(self, most: int, most_bytes: int, without: Collection[str]) -> list[OutboxEntry]:
        """Give the oldest that wait, but for those of some publishers, and note that they are on their way.

        From now on they can't be withdrawn.
        """
        taken, size = list[OutboxEntry](), 0
        with self._transaction() as run:
            run("CREATE TEMP TABLE IF NOT EXISTS passed_over (publisher TEXT PRIMARY KEY) WITHOUT ROWID")
            run("DELETE FROM temp.passed_over")
            for publisher in without:
                run("INSERT INTO temp.passed_over VALUES (?)", (publisher,))
            rows = run(
                f"SELECT {_FIELDS} FROM event WHERE state = 'waiting' "
                "AND publisher NOT IN (SELECT publisher FROM temp.passed_over) ORDER BY number LIMIT ?",
                (most,),
            )
            for row in rows:
                entry = OutboxEntry(*row)
                size += len(entry.body)
                if taken and size > most_bytes:
                    break
                taken.append(entry)
            rows.close()
            self._many("UPDATE event SET tried = tried + 1 WHERE number = ?", [(each.number,) for each in taken])
        return taken

    def note(self, known: Sequence[OutboxEntry]) -> int:
        """Write what is known now of events, and return of how many that is news. What is decided stays so."""
        with self._transaction():
            before = self._connection.total_changes
            self._many(_NOTE, [(e.state, e.position, e.outcome, e.reason, e.field, e.detail, e.number) for e in known])
            return self._connection.total_changes - before

    def withdraw(self, publisher: str, event_id: str) -> bool:
        """Take an event out that was never on its way, or that was refused; False where there is none.

        Raises FrozenError where the service may have it.
        """
        with self._transaction() as run:
            key = (publisher, event_id)
            row = run("SELECT state, tried FROM event WHERE publisher = ? AND id = ?", key).fetchone()
            if row is None:
                return False
            if row[0] != REFUSED and (row[0] != WAITING or row[1]):
                raise FrozenError(
                    Bilingual(
                        "sự kiện này đã được gửi đi hoặc đang trên đường, hãy thu hồi bằng retract",
                        "it was sent or is on its way: take it back by retract",
                        before=f"{publisher} {event_id}: ",
                    )
                )
            run("DELETE FROM event WHERE publisher = ? AND id = ?", key)
            return True

    def forget(self, most: int | None = None) -> int:
        """Remove what is decided, the oldest first, and return how many that were; at most so many."""
        with self._transaction() as run:
            oldest = "SELECT number FROM event WHERE state = 'decided' ORDER BY number LIMIT ?"
            gone = run(f"DELETE FROM event WHERE number IN ({oldest})", (-1 if most is None else most,))
            return int(gone.rowcount)

    def find(self, publisher: str, event_id: str) -> OutboxEntry | None:
        """Give one event, None where there is none."""
        with self._reading() as run:
            row = run(f"SELECT {_FIELDS} FROM event WHERE publisher = ? AND id = ?", (publisher, event_id)).fetchone()
        return None if row is None else OutboxEntry(*row)

    def entries(self, state: State | None = None) -> Iterator[OutboxEntry]:
        """Give all events, or those in one state, in their order; a page of them in memory at a time."""
        after = 0
        while page := self.page(state, after):
            yield from page
            after = page[-1].number

    def page(self, state: State | None, after: int, most: int = _PAGE) -> list[OutboxEntry]:
        """Give events with a higher number than ``after``."""
        wanted = "" if state is None else "state = :state AND"
        with self._reading() as run:
            rows = run(
                f"SELECT {_FIELDS} FROM event WHERE {wanted} number > :after ORDER BY number LIMIT :most",
                {"state": state, "after": after, "most": most},
            ).fetchall()
        return [OutboxEntry(*row) for row in rows]

    def counts(self) -> Mapping[State, int]:
        """Count the events in each state."""
        with self._reading() as run:
            found = dict(run("SELECT state, count(*) FROM event GROUP BY state").fetchall())
        return {state: found.get(state, 0) for state in STATES}

    def _prepare(self) -> None:
        run = self._connection.execute
        run("PRAGMA synchronous = FULL")
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA wal_autocheckpoint = 1000")
        run("PRAGMA journal_size_limit = 16777216")
        with self._transaction():
            (application,), (version,) = run("PRAGMA application_id").fetchone(), run("PRAGMA user_version").fetchone()
            if (application, version) == (0, 0) and run("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
                for statement in _SCHEMA.split(";\n"):
                    run(statement)
            elif application != APPLICATION or version != VERSION:
                raise OutboxFileError(
                    Bilingual(
                        "không phải hộp gửi của chương trình này, hoặc của phiên bản mới hơn",
                        "is no outbox of this program, or a newer version's",
                        before=f"{self.path} ",
                    )
                )
        (sound,) = run("PRAGMA quick_check(1)").fetchone()
        if sound != "ok":
            raise damaged(self.path, str(sound))

    def _many(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        self._connection.executemany(statement, rows)

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        with self._lock, self._said():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection.execute
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # a disk that is full has rolled it back already
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _reading(self) -> Iterator[Any]:
        with self._lock, self._said():
            yield self._connection.execute

    def _said(self) -> AbstractContextManager[None]:
        return in_our_words(self.path)
