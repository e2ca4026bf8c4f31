"""Reading JSON lines for the bus: what can be sent goes as it is, what can't is named by line and field."""

import io
import json

import pytest

from services.publishing.lines import LONGEST, Line, Unpublishable, read_lines

GOOD = {"id": "a-1", "source": "/units/chi-bo-1", "type": "member.admitted"}


def read(*lines: bytes) -> list[Line | Unpublishable]:
    return list(read_lines(io.BytesIO(b"\n".join(lines))))


def test_a_line_is_sent_unchanged() -> None:
    body = b'{"type":"member.admitted",  "id":"a-1","source":"/units/chi-bo-1","data":{"x":"\xc4\x90"}}'
    assert read(b"", body + b"\r") == [
        Line(2, "chi-bo-1", "a-1", "party.v1.chi-bo-1.member.admitted", "chi-bo-1:a-1", body)
    ]


def test_a_byte_order_mark_is_passed_over() -> None:
    (line,) = read(b"\xef\xbb\xbf" + json.dumps(GOOD).encode())
    assert isinstance(line, Line)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"source": "chi-bo-1"}, "source"),
        ({"source": "/units/Chi bộ"}, "source"),
        ({"source": None}, "source"),
        ({"id": ""}, "id"),
        ({"id": 7}, "id"),
        ({"id": "x" * 65}, "id"),
        ({"type": "Member.Admitted"}, "type"),
        ({"type": "a.b.>"}, "type"),
        ({"type": None}, "type"),
    ],
)
def test_a_bad_attribute_is_named(change: dict[str, object], field: str) -> None:
    (bad,) = read(json.dumps(GOOD | change).encode())
    assert isinstance(bad, Unpublishable)
    assert (bad.number, bad.field) == (1, field)


@pytest.mark.parametrize("body", [b"[]", b"7", b"{", b'{"id": "\xff"}', b"[" * 20_000, b"null", b"{}{}"])
def test_what_is_no_object_is_told_and_the_rest_goes_on(body: bytes) -> None:
    bad, good = read(body, json.dumps(GOOD).encode())
    assert isinstance(bad, Unpublishable)
    assert bad.field is None
    assert isinstance(good, Line)
    assert good.number == 2


def test_an_overlong_line_takes_no_memory_and_the_next_is_read() -> None:
    bad, good = read(b'{"x": "' + b"y" * LONGEST * 3 + b'"}', json.dumps(GOOD).encode())
    assert isinstance(bad, Unpublishable)
    assert isinstance(good, Line)
