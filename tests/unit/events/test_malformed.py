"""What is no message at all is refused as malformed, whatever it is, and nothing is raised."""

import json

import pytest
from event_examples import FULL, PUBLISHER, as_body, changed, message, read, refused

from events.codec import MAX_BYTES, Event, Refusal, decode
from events.vocabulary import Reason

ADMITTED = "member.admitted"
GOOD = as_body(message(ADMITTED))


def assert_malformed(body: bytes, bus_type: str = ADMITTED) -> Refusal:
    answer = refused(body, bus_type=bus_type)
    assert (answer.reason, answer.field, answer.publisher) == (Reason.MALFORMED, None, PUBLISHER)
    assert answer.detail
    return answer


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b"1",
        b"\x00",
        b"\xff\xfe",
        b"\xef\xbb\xbf" + GOOD,
        GOOD.decode().encode("utf-16"),
        GOOD + b"x",
        GOOD + GOOD,
        GOOD + b"\x00",
        GOOD[:-1],
        GOOD[:-1] + b",}",
        GOOD.replace(b'"m-001"', b"'m-001'"),
        GOOD.replace(b'"m-001"', b"NaN"),
        GOOD.replace(b'"m-001"', b"-Infinity"),
        GOOD.replace(b'"m-001"', b"01"),
        GOOD.replace(b"m-001", b"m\xff"),
        GOOD.replace(b"m-001", b"m\xed\xa0\x80"),
        GOOD.replace(b"m-001", b"m\xc0\xaf"),
        GOOD.replace(b"m-001", b"m\x00"),
        GOOD.replace(b"m-001", b"m\n"),
        GOOD.replace(b"m-001", rb"m\x41"),
        GOOD.replace(b"m-001", rb"m\u12"),
    ],
)
def test_no_json_object(body: bytes) -> None:
    assert_malformed(body)


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'])
@pytest.mark.parametrize("depth", [33, 1000, 2600])
def test_nesting_has_an_end_that_no_stack_decides(opening: bytes, depth: int) -> None:
    assert_malformed(opening * depth)
    if opening == b"[":
        nested = as_body(changed(ADMITTED, extra="X")).replace(b'"X"', b"[" * depth + b"]" * depth)
        assert_malformed(nested)


def test_nesting_before_that_end_is_read() -> None:
    nested = as_body(changed(ADMITTED, extra="X")).replace(b'"X"', b"[" * 30 + b"]" * 30)
    assert refused(nested, bus_type=ADMITTED).field == "data.extra"
    flat = as_body(changed(ADMITTED, extra="X")).replace(b'"X"', b"[" + b"[]," * 100 + rb'"\"[[{{"' + b"]")
    assert refused(flat, bus_type=ADMITTED).field == "data.extra"


def test_brackets_in_a_text_are_no_nesting() -> None:
    assert isinstance(read(changed("unit.renamed", name='[{"' * 200)), Event)


def test_numbers_are_never_too_long_to_be_read() -> None:
    for number in (b"9" * 5000, b"-" + b"9" * 5000, b"1e999999", b"0." + b"1" * 5000):
        body = as_body(changed("figure.declared", value=0)).replace(b'"value":0', b'"value":' + number)
        assert refused(body, bus_type="figure.declared").field == "data.value"


def test_16_kib_are_the_limit() -> None:
    def of(size: int) -> bytes:
        document = changed("unit.renamed", name="x")
        return as_body(document | {"data": document["data"] | {"name": "x" * (size - len(as_body(document)) + 1)}})

    assert len(of(MAX_BYTES)) == MAX_BYTES == 16384
    assert isinstance(read(of(MAX_BYTES), bus_type="unit.renamed"), Event)
    assert_malformed(of(MAX_BYTES + 1), "unit.renamed")
    assert_malformed(GOOD + b" " * MAX_BYTES)


@pytest.mark.parametrize("event_type", FULL)
@pytest.mark.parametrize("style", ["compact", "spaced", "escaped"])
def test_no_key_comes_twice_in_any_object(event_type: str, style: str) -> None:
    document = message(event_type)
    separators = None if style == "spaced" else (",", ":")
    text = json.dumps(document, separators=separators, ensure_ascii=style == "escaped")
    assert isinstance(read(text.encode(), bus_type=event_type), Event)
    objects = [document, document["data"], *([document["data"]["facets"]] if "facets" in document["data"] else [])]
    for found in objects:
        whole = json.dumps(found, separators=separators, ensure_ascii=style == "escaped")
        for key, value in found.items():
            pair = json.dumps({key: value}, separators=separators, ensure_ascii=style == "escaped")[1:-1]
            twice = text.replace(whole, f"{whole[:-1]},{pair}}}")
            assert_malformed(twice.encode(), event_type)
            first = text.replace(whole, f"{{{pair},{whole[1:]}")
            assert_malformed(first.encode(), event_type)


def test_a_key_is_the_same_however_it_is_escaped() -> None:
    assert_malformed(GOOD[:-1] + rb',"\u0069d":"e-1"}')
    assert isinstance(read(GOOD.replace(b'"id"', rb'"\u0069d"'), bus_type=ADMITTED), Event)


def test_what_comes_twice_is_not_read_and_the_rest_is() -> None:
    answer = assert_malformed(GOOD[:-1] + b',"id":"e-2"}')
    assert (answer.id, answer.type, answer.subject) == (None, ADMITTED, "cb-01")
    answer = assert_malformed(GOOD.replace(b'"m-001"', b'"m-001","member":"m-001"'))
    assert (answer.id, answer.type, answer.subject) == ("e-1", ADMITTED, "cb-01")


def test_malformed_comes_before_all_else() -> None:
    answer = decode("nonsense", GOOD[:-1] + b',"type":"no.type"}')
    assert isinstance(answer, Refusal)
    assert (answer.reason, answer.publisher) == (Reason.MALFORMED, None)
