"""An outbox loses nothing, doubles nothing and keeps each unit's order, whatever happens between two of its steps."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sqlite3
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.client import (
    AwayError,
    Event,
    FrozenError,
    MayNotError,
    MemberAdmitted,
    Outbox,
    OutboxBusyError,
    OutboxFileError,
    OutboxFullError,
    UnsendableEventError,
    event,
)
from services.client.outbox_file import OutboxFile
from services.client.outbox_locks import Turn
from tests.servers import quick_place
from tests.unit.client.service_model import ModelService, Trouble

UNITS = ("xa-a", "xa-b", "xa-c")
AT = dt.datetime(2023, 5, 2, 9, tzinfo=dt.UTC)


def admitted(unit: str, id_: str, *, again: bool = False) -> Event:
    data = MemberAdmitted(member=id_, decided_on=dt.date(2023, 5, 1), readmission=again)
    return event(unit, data, id=id_, time=AT)


@pytest.fixture
def path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=quick_place()) as folder:
        yield Path(folder, "events.outbox")


@pytest.fixture
def service() -> ModelService:
    return ModelService()


class Sending(RuleBasedStateMachine):
    """What the file has against what was put, over troubles, restarts and copies of the file as a crash leaves it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=quick_place()))
        self.service = ModelService()
        self.outbox = Outbox(self.folder / "0", self.service)
        self.generation = 0
        self.put: dict[str, list[str]] = {unit: [] for unit in UNITS}
        self.withdrawn: set[str] = set()

    def teardown(self) -> None:
        self.service.trouble = Trouble()
        self.outbox.flush()
        self.outbox.flush()
        self.service.decided = len(self.service.log)
        self.outbox.refresh()
        for unit in UNITS:
            expected = [id_ for id_ in self.put[unit] if id_ not in self.withdrawn and not id_.startswith("bad")]
            assert self.service.order_of(unit) == expected
        for entry in self.outbox.entries():
            refused = entry.id.startswith("bad")
            assert (entry.state, entry.outcome) == (("refused", None) if refused else ("decided", "counted"))
        self.outbox.close()
        shutil.rmtree(self.folder)

    @rule(unit=st.sampled_from(UNITS), bad=st.booleans())
    def put_one(self, unit: str, bad: bool) -> None:
        id_ = f"{'bad' if bad else 'e'}-{sum(map(len, self.put.values()))}"
        if bad:
            self.service.refuses |= {id_}
        assert self.outbox.put(admitted(unit, id_))
        self.put[unit].append(id_)

    @rule(unit=st.sampled_from(UNITS), n=st.integers(0, 20))
    def put_again(self, unit: str, n: int) -> None:
        for id_ in self.put[unit][n : n + 1]:
            if id_ in self.withdrawn:
                continue
            assert not self.outbox.put(admitted(unit, id_))
            with pytest.raises(FrozenError):
                self.outbox.put(admitted(unit, id_, again=True))

    @rule(
        kind=st.sampled_from(["", "away", "lost", "denied", "halfway", "too_long"]),
        forbidden=st.frozensets(st.sampled_from(UNITS)),
    )
    def go_wrong(self, kind: str, forbidden: frozenset[str]) -> None:
        self.service.trouble = Trouble(kind, forbidden)

    @rule()
    def flush(self) -> None:
        try:
            done = self.outbox.flush()
        except (AwayError, MayNotError):
            assert self.service.trouble.kind in {"away", "lost", "denied", "halfway"}
        else:
            assert done.waiting == self.outbox.counts()["waiting"]
            if not self.service.trouble.forbidden:
                assert done.waiting == 0

    @rule(share=st.floats(0, 1))
    def decide(self, share: float) -> None:
        self.service.decided = max(self.service.decided, int(share * len(self.service.log)))
        if self.service.trouble.kind not in {"away", "lost"}:
            self.outbox.refresh()

    @rule(unit=st.sampled_from(UNITS))
    def withdraw(self, unit: str) -> None:
        for id_ in self.put[unit][-1:]:
            entry = self.outbox.find(unit, id_)
            if id_ in self.withdrawn:
                assert entry is None
            elif entry is not None and (entry.state == "refused" or (entry.state == "waiting" and not entry.tried)):
                assert self.outbox.withdraw(unit, id_)
                self.withdrawn.add(id_)
            else:
                with pytest.raises(FrozenError):
                    self.outbox.withdraw(unit, id_)

    @rule()
    def open_again(self) -> None:
        self.outbox.close()
        self.outbox = Outbox(self.folder / str(self.generation), self.service)

    @rule()
    def crash(self) -> None:
        """Go on with the files as they lie there, as a process that was killed leaves them."""
        before, self.generation = self.folder / str(self.generation), self.generation + 1
        for suffix in ("", "-wal", "-sending"):
            if (source := before.with_name(before.name + suffix)).exists():
                shutil.copy(source, self.folder / f"{self.generation}{suffix}")
        self.outbox.close()
        self.outbox = Outbox(self.folder / str(self.generation), self.service)

    @precondition(lambda self: self.generation >= 0)
    @invariant()
    def nothing_is_lost_or_doubled(self) -> None:
        keys = [(line.publisher, line.id) for line in self.service.log]
        assert len(keys) == len(set(keys))
        there = {entry.id for entry in self.outbox.entries()}
        assert there == {id_ for ids in self.put.values() for id_ in ids} - self.withdrawn


Sending.TestCase.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
TestSending = Sending.TestCase


def test_what_was_put_is_on_the_disk_for_its_owner_alone(path: Path, service: ModelService) -> None:
    path.touch(0o644)
    with pytest.raises(UnsendableEventError):
        Outbox(path, service).put(admitted("xa-a", "Nguyễn"))
    outbox = Outbox(path, service)
    assert outbox.put(admitted("xa-a", "1"))
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}
    assert sqlite3.connect(path).execute("PRAGMA quick_check").fetchone() == ("ok",)
    outbox.close()


def test_a_refused_event_holds_nobody_up_and_can_be_put_right(path: Path, service: ModelService) -> None:
    service.refuses = frozenset({"2"})
    outbox = Outbox(path, service)
    outbox.put_many([admitted("xa-a", n) for n in "123"])
    assert outbox.flush() == (2, 1, 0)
    (refused,) = outbox.entries("refused")
    assert (refused.id, refused.reason, refused.field) == ("2", "invalid_field", "data.x")
    assert outbox.withdraw("xa-a", "2")
    service.refuses = frozenset()
    assert outbox.put(admitted("xa-a", "2", again=True))
    assert outbox.flush() == (1, 0, 0)
    outbox.close()


def test_who_may_not_speak_now_waits_and_no_other_unit_does(path: Path, service: ModelService) -> None:
    service.trouble = Trouble(forbidden=frozenset({"xa-a"}))
    outbox = Outbox(path, service)
    outbox.put_many([admitted(unit, f"{unit}-{n}") for n in range(3) for unit in UNITS])
    assert outbox.flush() == (6, 0, 3)
    assert {entry.reason for entry in outbox.entries("waiting")} == {"forbidden"}
    service.trouble = Trouble()
    assert outbox.flush() == (3, 0, 0)
    assert service.order_of("xa-a") == ["xa-a-0", "xa-a-1", "xa-a-2"]
    outbox.close()


def test_a_batch_that_no_proxy_lets_through_goes_in_smaller_ones(path: Path, service: ModelService) -> None:
    service.trouble = Trouble("too_long")
    outbox = Outbox(path, service)
    outbox.put_many([admitted("xa-a", str(n)) for n in range(10)])
    assert outbox.flush() == (10, 0, 0)
    assert service.order_of("xa-a") == [str(n) for n in range(10)]
    outbox.close()


def test_a_full_disk_is_told_and_loses_nothing(path: Path, service: ModelService) -> None:
    outbox = Outbox(path, service)
    outbox.put(admitted("xa-a", "1"))
    run = outbox._file._connection.execute
    (pages,) = run("PRAGMA page_count").fetchone()
    run(f"PRAGMA max_page_count = {pages}")
    big = [admitted("xa-a", f"big-{n}") for n in range(200)]
    with pytest.raises(OutboxFullError, match="make room"):
        outbox.put_many(big)
    assert [entry.id for entry in outbox.entries()] == ["1"]
    assert outbox.flush() == (1, 0, 0)
    run("PRAGMA max_page_count = 1000000")
    assert outbox.put_many(big) == 200
    outbox.close()


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_file_that_is_none_is_left_as_it_is(path: Path, service: ModelService, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(OutboxFileError):
        Outbox(path, service)
    assert path.read_bytes() == content


def test_a_damaged_or_foreign_file_is_told(path: Path, service: ModelService) -> None:
    outbox = Outbox(path, service)
    outbox.put_many([admitted("xa-a", str(n)) for n in range(200)])
    outbox.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + os.urandom(len(whole) - 8192) + whole[-4096:])
    with pytest.raises(OutboxFileError, match="recover"):
        list(Outbox(path, service).entries())
    path.unlink()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE event (x)")
    other.close()
    with pytest.raises(OutboxFileError, match="no outbox"):
        Outbox(path, service)
    path.unlink()
    path.mkdir()
    with pytest.raises(OutboxFileError):
        Outbox(path, service)
    with pytest.raises(OutboxFileError):
        Outbox(path / "nowhere" / "x", service)


def test_one_at_a_time_sends(path: Path, service: ModelService) -> None:
    one, other = Outbox(path, service, patience=0.05), Outbox(path, service, patience=0.05)
    one.put(admitted("xa-a", "1"))
    with Turn(path).taken(0.0) as ours:
        assert ours
        assert other.put(admitted("xa-a", "2"))  # putting needs no turn
        with pytest.raises(OutboxBusyError):
            other.flush()
    assert other.flush() == (2, 0, 0)
    assert one.flush() == (0, 0, 0)
    hold = OutboxFile(path, patience=0.05)
    with hold._transaction(), pytest.raises(OutboxBusyError):
        other.put(admitted("xa-a", "3"))
    for each in (one, other, hold):
        each.close()


def test_a_clock_that_is_set_back_changes_nothing(
    path: Path, service: ModelService, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox = Outbox(path, service)
    outbox.put(event("xa-a", MemberAdmitted(member="1", decided_on=dt.date(2023, 5, 1))))
    monkeypatch.setattr(time, "time", lambda: 0.0)
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    outbox.put(event("xa-a", MemberAdmitted(member="2", decided_on=dt.date(2023, 5, 1))))
    outbox.close()
    outbox = Outbox(path, service)
    assert outbox.flush() == (2, 0, 0)
    service.decided = 2
    assert outbox.refresh() == 2
    assert [entry.outcome for entry in outbox.outcomes()] == ["counted", "counted"]
    assert outbox.forget() == 2
    assert outbox.counts() == {"waiting": 0, "sent": 0, "decided": 0, "refused": 0}
    outbox.close()


def test_its_thread_sends_what_is_put_and_learns_the_outcome(path: Path, service: ModelService) -> None:
    sent = threading.Event()
    send_many = service.send_many

    def heard(*said: object, **how: object) -> object:
        told = send_many(*said, **how)  # type: ignore[arg-type]
        service.decided = len(service.log)
        sent.set()
        return told

    service.send_many = heard  # type: ignore[method-assign,assignment]
    with Outbox(path, service) as outbox:
        for n in range(3):
            sent.clear()
            outbox.put(admitted("xa-a", str(n)))
            assert sent.wait(30)
        assert outbox.trouble is None
    assert service.order_of("xa-a") == ["0", "1", "2"]


@pytest.mark.long
def test_weeks_without_a_line_cost_disk_and_no_memory(path: Path, service: ModelService) -> None:
    import tracemalloc

    outbox = Outbox(path, service)
    for n in range(100):
        outbox.put_many([admitted(f"xa-{m % 500}", f"{n}-{m}") for m in range(1_000)])
    service.trouble = Trouble("away")
    tracemalloc.start()
    for _ in range(20):
        with pytest.raises(AwayError):
            outbox.flush()
    assert sum(1 for _ in outbox.entries("waiting")) == 100_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20 << 20
    service.trouble = Trouble()
    assert outbox.flush() == (100_000, 0, 0)
    assert max(map(len, service.asked)) <= 1_000
    outbox.close()
