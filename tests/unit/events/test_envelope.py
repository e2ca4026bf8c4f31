"""The attributes of a message: what is required, what is refused, and in which order faults are named."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from event_examples import BARE, FULL, PUBLISHER, accepted, as_body, changed, message, read, refused

from events.codec import Event, Refusal, decode
from events.vocabulary import Reason

ADMITTED = "member.admitted"


@pytest.mark.parametrize("event_type", FULL)
@pytest.mark.parametrize("data", [FULL, BARE], ids=["full", "bare"])
def test_every_type_is_read_with_and_without_what_is_optional(event_type: str, data: dict) -> None:
    event = accepted(message(event_type, data[event_type]))
    assert (event.publisher, event.id, event.type, event.subject) == (PUBLISHER, "e-1", event_type, "cb-01")
    assert event.time == datetime(2023, 11, 28, 2, 1, 2, tzinfo=UTC)
    assert event.time.utcoffset() == timedelta(hours=7)


@pytest.mark.parametrize("attribute", ["specversion", "id", "source", "type", "subject", "time", "data"])
@pytest.mark.parametrize("value", [..., None, 1, True, [], ""])
def test_every_attribute_is_required_and_typed(attribute: str, value: object) -> None:
    answer = refused(message(ADMITTED, **{attribute: value}), bus_type=ADMITTED)
    expected = Reason.UNKNOWN_TYPE if attribute == "type" and value == "" else Reason.INVALID_FIELD
    assert (answer.reason, answer.field) == (expected, attribute)


@pytest.mark.parametrize("value", ["1.1", "1", "1.0 ", 1.0])
def test_specversion_is_1_0(value: object) -> None:
    assert refused(message(ADMITTED, specversion=value)).field == "specversion"


@pytest.mark.parametrize("value", ["a", "A.b_c:d-9", "x" * 64])
def test_ids(value: str) -> None:
    assert accepted(message(ADMITTED, id=value)).id == value


@pytest.mark.parametrize("value", ["x" * 65, "a b", "é", "a/b", "a\n", "\na", "a\x00", "a\n\n", "٣"])
def test_no_ids(value: str) -> None:
    answer = refused(message(ADMITTED, id=value))
    assert (answer.reason, answer.field, answer.id) == (Reason.INVALID_FIELD, "id", None)


@pytest.mark.parametrize("value", ["0", "a", "9_-", "u" * 63])
def test_units(value: str) -> None:
    assert accepted(message(ADMITTED, subject=value)).subject == value
    assert accepted(message(ADMITTED, source=f"/units/{value}"), publisher=value).publisher == value


@pytest.mark.parametrize("value", ["u" * 64, "-a", "_a", "A", "a.b", "ạ", "a\n", "a ", "*", ">"])
def test_no_units(value: str) -> None:
    assert refused(message(ADMITTED, subject=value)).field == "subject"
    answer = refused(message(ADMITTED, source=f"/units/{value}"), publisher=value)
    assert (answer.reason, answer.field) == (Reason.INVALID_FIELD, "source")


@pytest.mark.parametrize(
    "value", ["/units/", "units/db-01", "/units/db-01/", "/Units/db-01", "db-01", "/units/db-01\n"]
)
def test_no_sources(value: str) -> None:
    answer = refused(message(ADMITTED, source=value))
    assert (answer.reason, answer.field) == (Reason.INVALID_FIELD, "source")


@pytest.mark.parametrize(
    "value",
    [
        "2023-11-28T09:01:02Z",
        "2023-11-28t09:01:02z",
        "2023-11-28T09:01:02.5+07:00",
        "2023-11-28T09:01:02.123456789-00:00",
        "0001-01-01T00:00:00-12:00",
        "9999-12-31T23:59:59+14:00",
    ],
)
def test_times(value: str) -> None:
    accepted(message(ADMITTED, time=value))


@pytest.mark.parametrize(
    "value",
    [
        "2023-11-28T09:01:02",
        "2023-11-28 09:01:02Z",
        "2023-11-28T09:01:02+0700",
        "2023-11-28T09:01:02+07",
        "2023-11-28T09:01Z",
        "20231128T090102Z",
        "2023-11-28",
        "2023-02-29T00:00:00Z",
        "2023-11-28T24:00:00Z",
        "2023-11-28T23:59:60Z",
        "2023-11-28T09:01:02.Z",
        "2023-11-28T09:01:02,5Z",
        "2023-11-28T09:01:02+24:00",
        "2023-11-28T09:01:02+07:60",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+07:00",
        "9999-12-31T23:59:59-07:00",
        "2023-11-28T09:01:02Z\n",
        "２０２３-11-28T09:01:02Z",
        1701136862,
    ],
)
def test_no_times(value: object) -> None:
    answer = refused(message(ADMITTED, time=value))
    assert (answer.reason, answer.field) == (Reason.INVALID_FIELD, "time")


def test_datacontenttype_may_be_json_alone() -> None:
    accepted(message(ADMITTED, datacontenttype="application/json"))
    for value in ("application/cloudevents+json", None, 1):
        assert refused(message(ADMITTED, datacontenttype=value)).field == "datacontenttype"


@pytest.mark.parametrize("attribute", ["dataschema", "traceparent", "data_base64", "", "Type"])
def test_no_other_attributes(attribute: str) -> None:
    answer = refused(message(ADMITTED, **{attribute: "x"}))
    assert (answer.reason, answer.field) == (Reason.INVALID_FIELD, attribute)


@pytest.mark.parametrize("value", ["member.vanished", "", "member.admitted\n", "MEMBER.ADMITTED", "\ud800"])
def test_unknown_types(value: str) -> None:
    document = message(ADMITTED, type=value, id=..., source=1)
    answer = decode(f"party.v1.{PUBLISHER}.{ADMITTED}", json.dumps(document).encode())
    assert isinstance(answer, Refusal)
    assert (answer.reason, answer.field) == (Reason.UNKNOWN_TYPE, "type")
    assert answer.type == ("member.vanished" if value == "member.vanished" else value if value.isupper() else None)


def test_the_bus_names_the_same_type() -> None:
    answer = refused(message("unit.renamed"), bus_type="unit.moved")
    assert (answer.reason, answer.field) == (Reason.INVALID_FIELD, "type")


def test_the_bus_names_the_publisher() -> None:
    answer = refused(message(ADMITTED), publisher="other")
    assert (answer.reason, answer.field) == (Reason.PUBLISHER_MISMATCH, "source")
    assert (answer.publisher, answer.id, answer.type, answer.subject) == ("other", "e-1", ADMITTED, "cb-01")


@pytest.mark.parametrize("publisher", ["DB", "", "db 01", "\udcff", "u" * 64])
def test_a_publisher_that_is_no_unit_is_none(publisher: str) -> None:
    answer = refused(message(ADMITTED), publisher=publisher)
    assert (answer.reason, answer.field, answer.publisher) == (Reason.PUBLISHER_MISMATCH, "source", None)


@pytest.mark.parametrize(
    "subject", ["", "x", "party.v1", "party.v1.", "party.v2.db-01.member.admitted", "\udcff", "\x00"]
)
def test_any_bus_subject_gets_an_answer(subject: str) -> None:
    answer = decode(subject, as_body(message(ADMITTED)))
    assert isinstance(answer, Refusal)
    assert (answer.reason, answer.field, answer.publisher) == (Reason.INVALID_FIELD, "type", None)


def test_a_bus_subject_without_type_still_names_its_publisher() -> None:
    answer = decode("party.v1.db-01", as_body(message(ADMITTED)))
    assert isinstance(answer, Refusal)
    assert (answer.field, answer.publisher) == ("type", "db-01")


def test_faults_are_named_in_the_order_of_the_contract() -> None:
    wrong_data = {"member": "no reference"}
    everything = message(ADMITTED, wrong_data, type="no.type", id="", source="/units/other")
    assert refused(everything, bus_type=ADMITTED).reason == Reason.UNKNOWN_TYPE
    assert refused(message(ADMITTED, wrong_data, id="", source="/units/other")).field == "id"
    assert refused(message(ADMITTED, wrong_data, source="/units/other", extra=1)).field == "extra"
    assert refused(message(ADMITTED, wrong_data, source="/units/other")).reason == Reason.PUBLISHER_MISMATCH
    assert refused(message(ADMITTED, wrong_data)).field == "data.member"


def test_a_refusal_keeps_what_is_well_formed() -> None:
    answer = refused(changed(ADMITTED, member=""))
    assert (answer.publisher, answer.id, answer.type, answer.subject) == (PUBLISHER, "e-1", ADMITTED, "cb-01")
    answer = refused(message(ADMITTED, id="a\x00", subject="B"))
    assert (answer.publisher, answer.id, answer.type, answer.subject) == (PUBLISHER, None, ADMITTED, None)


def test_a_refusal_quotes_no_value() -> None:
    telling = "Nguyễn Thị Bí Mật"
    for document in (
        changed(ADMITTED, member=telling),
        changed(ADMITTED, facets={"sex": telling}),
        changed(ADMITTED, name=telling),
        changed("member.departed", reason=telling),
        changed("target.assigned", measure=telling),
        changed("figure.declared", figure=telling),
        message(ADMITTED, id=telling),
        message(ADMITTED, type=telling),
    ):
        answer = refused(document, bus_type=ADMITTED if document["type"] == telling else None)
        assert telling not in repr(answer)


def test_the_order_of_attributes_and_white_space_do_not_matter() -> None:
    document = message(ADMITTED)
    backwards = dict(reversed(document.items()))
    assert accepted(backwards) == accepted(document)
    spaced = json.dumps(document, indent=2).encode()
    assert read(spaced, bus_type=ADMITTED) == accepted(document)
    assert isinstance(read(b" \r\n\t" + spaced + b"\n", bus_type=ADMITTED), Event)
