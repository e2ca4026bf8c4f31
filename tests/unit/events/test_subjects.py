"""Subjects of the bus and the key by which it deduplicates."""

import hashlib

import pytest

from events.catalogue import CATALOGUE
from events.errors import InvalidSubjectError
from events.subjects import ALL_SUBJECTS, BusSubject, build_bus_subject, message_id, parse_bus_subject, source_of


@pytest.mark.parametrize("event_type", CATALOGUE)
@pytest.mark.parametrize("publisher", ["a", "0_-", "u" * 63])
def test_a_subject_is_read_as_it_was_built(publisher: str, event_type: str) -> None:
    subject = build_bus_subject(publisher, event_type)
    assert subject == f"party.v1.{publisher}.{event_type}"
    assert parse_bus_subject(subject) == BusSubject(publisher, event_type)
    assert subject.startswith(ALL_SUBJECTS.removesuffix(">"))


@pytest.mark.parametrize(
    ("publisher", "event_type"),
    [
        ("", "a.b"),
        ("A", "a.b"),
        ("a.b", "a.b"),
        ("*", "a.b"),
        ("a\n", "a.b"),
        ("u" * 64, "a.b"),
        ("a", ""),
        ("a", "b"),
        ("a", "b.>"),
        ("a", "b.c.d"),
        ("a", "b.c\n"),
    ],
)
def test_what_can_not_stand_in_a_subject(publisher: str, event_type: str) -> None:
    with pytest.raises(InvalidSubjectError):
        build_bus_subject(publisher, event_type)
    with pytest.raises(InvalidSubjectError):
        parse_bus_subject(f"party.v1.{publisher}.{event_type}")


@pytest.mark.parametrize("subject", ["", "party.v1", "party.v2.a.b.c", "xparty.v1.a.b.c", "party.v1.a.b.c ", "\udcff"])
def test_other_subjects(subject: str) -> None:
    with pytest.raises(InvalidSubjectError):
        parse_bus_subject(subject)


def test_the_key_names_publisher_event_and_what_it_says() -> None:
    body = b'{"id":"e:1"}'
    assert message_id("db-01", "e:1", body) == f"db-01:e:1:{hashlib.sha256(body).hexdigest()[:32]}"
    assert message_id("db-01", "e:1", body + b" ") != message_id("db-01", "e:1", body)
    assert source_of("db-01") == "/units/db-01"
    for publisher, event_id in (("DB", "e"), ("db", ""), ("db", "e\n"), ("db:1", "e")):
        with pytest.raises(InvalidSubjectError):
            message_id(publisher, event_id, b"{}")
