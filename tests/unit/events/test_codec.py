"""Writing what was read, refusing to write what would be refused, and telling a repetition from a conflict."""

import json
from datetime import UTC, date, datetime, timedelta, timezone

import msgspec
import pytest
from event_examples import BARE, FULL, accepted, as_body, message

from events.codec import Event, decode, encode, same_content
from events.data import MemberAdmitted, UnitEstablished
from events.errors import ContractError, InvalidEventError
from events.vocabulary import Reason

EVENT = Event(
    publisher="db-01",
    id="e-1",
    type="member.admitted",
    subject="cb-01",
    time=datetime(2023, 11, 28, 9, 1, 2, 123456, tzinfo=UTC),
    data=MemberAdmitted(member="m-001", decided_on=date(2023, 11, 20)),
)


@pytest.mark.parametrize("event_type", FULL)
@pytest.mark.parametrize("data", [FULL, BARE], ids=["full", "bare"])
def test_what_is_read_is_written_as_it_was(event_type: str, data: dict) -> None:
    document = message(event_type, data[event_type])
    event = accepted(document)
    body = encode(event)
    assert json.loads(body) == document
    assert decode(f"party.v1.db-01.{event_type}", body) == event


def test_the_time_keeps_its_offset_and_its_microseconds() -> None:
    body = encode(msgspec.structs.replace(EVENT, time=EVENT.time.astimezone(timezone(timedelta(hours=7)))))
    assert json.loads(body)["time"] == "2023-11-28T16:01:02.123456+07:00"
    assert json.loads(encode(EVENT))["time"] == "2023-11-28T09:01:02.123456+00:00"


@pytest.mark.parametrize(
    ("change", "reason", "field"),
    [
        ({"publisher": "DB"}, Reason.INVALID_FIELD, "source"),
        ({"publisher": "a.b"}, Reason.INVALID_FIELD, "source"),
        ({"id": "a\n"}, Reason.INVALID_FIELD, "id"),
        ({"type": "no.type"}, Reason.UNKNOWN_TYPE, "type"),
        ({"type": "unit.renamed"}, Reason.INVALID_FIELD, "data.name"),
        ({"time": EVENT.time.replace(tzinfo=None)}, Reason.INVALID_FIELD, "time"),
        ({"data": MemberAdmitted(member="m 1", decided_on=date(2023, 1, 1))}, Reason.INVALID_FIELD, "data.member"),
        ({"data": MemberAdmitted(member="m" * 20000, decided_on=date(2023, 1, 1))}, Reason.MALFORMED, None),
        ({"data": MemberAdmitted(member="\ud800", decided_on=date(2023, 1, 1))}, Reason.MALFORMED, None),
        ({"data": MemberAdmitted(member=object(), decided_on=date(2023, 1, 1))}, Reason.MALFORMED, None),
    ],
)
def test_what_would_be_refused_is_not_written(change: dict, reason: Reason, field: str | None) -> None:
    with pytest.raises(InvalidEventError) as caught:
        encode(msgspec.structs.replace(EVENT, **change))
    assert (caught.value.refusal.reason, caught.value.refusal.field) == (reason, field)
    assert isinstance(caught.value, ContractError)


def test_the_root_is_the_one_that_is_configured() -> None:
    founding = UnitEstablished(parent=None, name="Trung ương", level="central", since=date(1930, 2, 3))
    event = msgspec.structs.replace(EVENT, type="unit.established", subject="root", data=founding)
    assert encode(event, root="root")
    with pytest.raises(InvalidEventError):
        encode(event)


def test_events_are_values() -> None:
    with pytest.raises(AttributeError):
        EVENT.id = "e-2"
    assert hash(EVENT) == hash(msgspec.structs.replace(EVENT))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"\xff", b"\xff"),
        (b"{}", b" {\t}\r\n"),
        (b'{"a":1,"b":2}', b'{ "b" : 2, "a" : 1 }'),
        (b'{"a":{"x":[1,{"y":null}],"z":true}}', b'{"a":{"z":true, "x":[1, {"y":null}]}}'),
        (b'{"a":"\xc3\xa9"}', rb'{"a":"\u00e9"}'),
        (b'{"a":"/"}', rb'{"\u0061":"\/"}'),
        (b'{"a":1.50}', b'{"a": 1.50}'),
        (b'{"a":' + b"9" * 5000 + b"}", b'{"a": ' + b"9" * 5000 + b"}"),
    ],
)
def test_the_same_content(one: bytes, other: bytes) -> None:
    assert same_content(one, other)
    assert same_content(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"", b" "),
        (b"\xff", b"\xfe"),
        (b'{"a":1}', b'{"a":true}'),
        (b'{"a":0}', b'{"a":false}'),
        (b'{"a":1}', b'{"a":1.0}'),
        (b'{"a":1}', b'{"a":"1"}'),
        (b'{"a":1.5}', b'{"a":"1.5"}'),
        (b'{"a":null}', b"{}"),
        (b'{"a":[1,2]}', b'{"a":[2,1]}'),
        (b'{"a":[]}', b'{"a":{}}'),
        (b'{"a":"\xc3\xa9"}', b'{"a":"e\xcc\x81"}'),
        (b'{"a":1,"a":1}', b'{"a":1}'),
        (b'{"a":1,"a":1}', b'{"a":1, "a":1}'),
        (b'{"a":"A"}', b'{"a":"a"}'),
        (b"[1]", b"[ 1]"),
        (b"[" * 9000, b"[" * 9000 + b" "),
        (b'{"a":' + b"9" * 5000 + b"}", b'{"a":' + b"9" * 4999 + b"8}"),
        (b'{"a":1}' + b" " * 16384, b'{"a":1}'),
        (rb'{"a":"\ud800"}', rb'{"a":"\udfff"}'),
    ],
)
def test_other_content(one: bytes, other: bytes) -> None:
    assert not same_content(one, other)
    assert not same_content(other, one)


@pytest.mark.parametrize("event_type", FULL)
def test_a_message_sent_again_in_other_words_is_the_same(event_type: str) -> None:
    document = message(event_type)
    again = json.dumps(dict(reversed(document.items())), indent=1).encode()
    assert same_content(as_body(document), again)
    assert not same_content(as_body(document), as_body(document | {"id": "e-2"}))
