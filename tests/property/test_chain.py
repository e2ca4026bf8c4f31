"""The hash chain is a function of the log: what it covers shows, how the log was cut into batches doesn't."""

from __future__ import annotations

import datetime as dt
from hashlib import sha256
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from events.codec import decode
from projections.rules.counting.state import State
from projections.rules.folding.fold import Fold
from projections.rules.log.hash_chain import SPACING, START, Link, extend
from projections.rules.log.kept_message import kept_message
from projections.rules.log.message import Message

moments = st.datetimes(timezones=st.just(dt.UTC))
subjects = st.one_of(
    st.sampled_from(["party.v1.u1.member.admitted", "party.v1.u1", "x"]),
    st.binary(max_size=12).map(lambda raw: raw.decode("utf-8", "surrogateescape")),
)
bodies = st.one_of(
    st.binary(max_size=40), st.sampled_from([b'{"id":"e1"}', b'{"id":"e1","type":"member.admitted"}', b'{"id":"e2"}'])
)
blocks = st.one_of(
    st.none(),
    st.binary(max_size=30).map(
        lambda raw: b"NATS/1.0" + raw
    ),  # as every block of the bus begins: no mark of the ledger's
    st.sampled_from([b"NATS/1.0\r\nNats-Msg-Id: u1:e1\r\n\r\n", b"NATS/1.0\r\nNats-Msg-Id: None:None\r\n\r\n"]),
)
logs = st.lists(st.tuples(moments, subjects, blocks, bodies), min_size=1, max_size=12)


def log_of(said: list[tuple[dt.datetime, str, bytes | None, bytes]], first: int = 1) -> list[Message]:
    return [Message(position, *one) for position, one in enumerate(said, start=first)]


def as_documented(messages: list[Message]) -> bytes:
    """Compute the chain as the documentation says it, with nothing of the program's."""
    value = bytes(32)
    for message in messages:
        since = message.published_at - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
        microseconds = (since.days * 86400 + since.seconds) * 1_000_000 + since.microseconds
        value += message.position.to_bytes(8, "big") + microseconds.to_bytes(8, "big", signed=True)
        for part in (message.bus_subject.encode("utf-8", "surrogateescape"), message.headers or b"", message.body):
            value += len(part).to_bytes(4, "big") + part
        value = sha256(value).digest()
    return value


@given(logs)
def test_it_is_as_documented(said: list[tuple[dt.datetime, str, bytes | None, bytes]]) -> None:
    log = log_of(said)
    assert extend(START, log) == [Link(len(log), as_documented(log))]


@given(st.lists(st.integers(0, 2 * SPACING + 300), max_size=6))
def test_which_links_are_kept_depends_on_no_batch(cuts: list[int]) -> None:
    now = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    log = log_of([(now, "s", None, b"%d" % n) for n in range(2 * SPACING + 300)])
    bounds = sorted({0, *cuts, len(log)})
    kept: dict[int, bytes] = {}
    before = START
    for first, end in pairwise(bounds):
        if before.position % SPACING:
            del kept[before.position]
        links = extend(before, log[first:end])
        kept.update(links)
        before = links[-1]
    assert kept == dict(extend(START, log))
    assert list(kept) == [SPACING, 2 * SPACING, len(log)]
    assert kept[SPACING] == as_documented(log[:SPACING])


@given(logs, st.data())
def test_any_change_shows(said: list[tuple[dt.datetime, str, bytes | None, bytes]], data: st.DataObject) -> None:
    changed = list(said)
    at = data.draw(st.integers(0, len(said) - 1))
    changed[at] = data.draw(logs)[0]
    differ = [(*one[:2], one[2] or b"", one[3]) for one in said] != [
        (*one[:2], one[2] or b"", one[3]) for one in changed
    ]
    assert (extend(START, log_of(said)) != extend(START, log_of(changed))) == differ


@given(logs)
def test_the_ledger_keeps_all_that_is_covered(said: list[tuple[dt.datetime, str, bytes | None, bytes]]) -> None:
    log = log_of(said)
    decoded = [decode(message.bus_subject, message.body) for message in log]
    fold = Fold(State("trung-uong"), len(log), {}, {})
    fold.take(log, decoded)
    changes = fold.changes(log[-1].published_at)
    kept = [
        kept_message(
            position=row.position,
            published_at=row.published_at,
            bus_subject=row.bus_subject,
            headers=row.headers,
            publisher=row.publisher,
            event_id=row.id,
            event_type=row.type,
            body=row.body,
        )
        for row in changes.ledger
    ]
    assert kept == log
    assert changes.links == extend(START, kept)
