"""Reading JSON lines for the bus: what can be sent goes as it is, what can't is named by line and field."""

import io
import json

import pytest

from events.subjects import message_id
from services.publishing.lines import Line, Unpublishable, read_lines

GOOD = {"id": "a-1", "source": "/units/chi-bo-1", "type": "member.admitted"}


def read(*lines: bytes) -> list[Line | Unpublishable]:
    return list(read_lines(io.BytesIO(b"\n".join(lines))))


def test_a_line_is_sent_unchanged() -> None:
    body = b'{"type":"member.admitted",  "id":"a-1","source":"/units/chi-bo-1","data":{"x":"\xc4\x90"}}'
    assert read(b"", body + b"\r") == [
        Line(2, "chi-bo-1", "a-1", "party.v1.chi-bo-1.member.admitted", message_id("chi-bo-1", "a-1", body), body)
    ]


@pytest.mark.parametrize("type_", ["unit.established", "unit.renamed"])
@pytest.mark.parametrize("name", ["x" * 301, " \u200b", "Gia\u202e Bình", "a\u0000b"])
def test_a_name_that_no_door_takes_is_refused(type_: str, name: str) -> None:
    bad, good = read(
        json.dumps(GOOD | {"type": type_, "data": {"name": name}}).encode(),
        json.dumps(GOOD | {"type": type_, "data": {"name": "Gia Bình"}}).encode(),
    )
    assert isinstance(bad, Unpublishable)
    assert bad.field == "data.name"
    assert isinstance(good, Line)


@pytest.mark.parametrize("type_", ["access.granted", "access.revoked"])
def test_who_may_read_is_said_by_the_service_alone(type_: str) -> None:
    bad, good = read(json.dumps(GOOD | {"type": type_}).encode(), json.dumps(GOOD).encode())
    assert isinstance(bad, Unpublishable)
    assert (bad.number, bad.field, bad.reason) == (1, "type", "service_alone")
    assert isinstance(good, Line)


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


def sized(length: int) -> bytes:
    """Give a good line of so many bytes."""
    return json.dumps(GOOD | {"x": "y" * (length - len(json.dumps(GOOD | {"x": ""})))}).encode()


@pytest.mark.parametrize("length", [16 * 1024 + 1, 40_000, 300_000])
def test_a_line_that_is_longer_than_an_event_may_be_is_refused_and_the_next_is_read(length: int) -> None:
    longest, bad, good = read(sized(16 * 1024), sized(length), json.dumps(GOOD).encode())
    assert isinstance(longest, Line)
    assert isinstance(bad, Unpublishable)
    assert (bad.number, bad.field) == (2, None)
    assert "16384" in bad.detail
    assert isinstance(good, Line)
    assert good.number == 3


def test_white_space_round_an_event_is_not_counted() -> None:
    (line,) = read(b" " * 10_000 + sized(16 * 1024) + b"\t" * 5_000)
    assert isinstance(line, Line)


ENDS = [b"\n", b"\r\n", b"\r"]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("at_the_end", [True, False])
@pytest.mark.parametrize("block", [1, 2, 3, 1_000_000])
def test_lines_end_in_any_way_wherever_the_blocks_end(end: bytes, at_the_end: bool, block: int) -> None:
    bodies = [json.dumps(GOOD | {"id": f"e-{n}"}).encode() for n in range(4)]
    whole = end.join((bodies[0], b"", *bodies[1:])) + (end if at_the_end else b"")
    lines = list(read_lines(InBlocks(whole, block)))
    assert [(line.number, line.body) for line in lines if isinstance(line, Line)] == list(
        zip((1, 3, 4, 5), bodies, strict=True)
    )
    assert len(lines) == 4


def test_ends_of_several_kinds_may_follow_each_other() -> None:
    one, two, three = (json.dumps(GOOD | {"id": f"e-{n}"}).encode() for n in range(3))
    lines = read_lines(io.BytesIO(one + b"\r\r\n" + two + b"\n\r\n" + three))
    assert [line.number for line in lines] == [1, 3, 5]


class InBlocks(io.BytesIO):
    """A file that gives no more than so many bytes at a time, as a pipe does."""

    def __init__(self, content: bytes, size: int) -> None:
        super().__init__(content)
        self._size = size

    def read(self, size: int | None = -1) -> bytes:  # noqa: ARG002 the smaller one is given
        return super().read(self._size)


@pytest.mark.parametrize("body", [b'{"id": "a", "x": "\xff"}', "Đ".encode("cp1258"), b'{"x": "\xc4"}'])
def test_what_is_not_utf_8_is_named_by_its_line(body: bytes) -> None:
    bad, good = read(body, json.dumps(GOOD).encode())
    assert isinstance(bad, Unpublishable)
    assert "UTF-8" in bad.detail
    assert isinstance(good, Line)


@pytest.mark.parametrize("coding", ["utf-16", "utf-16-be"])
def test_a_file_in_utf_16_is_told_so_once(coding: str) -> None:
    text = "".join(json.dumps(GOOD) + "\n" for _ in range(3))
    encoded = text.encode(coding) if coding == "utf-16" else "\ufeff".encode(coding) + text.encode(coding)
    (bad,) = read_lines(io.BytesIO(encoded))
    assert isinstance(bad, Unpublishable)
    assert "UTF-8" in bad.detail
