"""What is taken for a `traceparent`: exactly that, once, whatever stands around it."""

import pytest

from services.tracing import spans
from services.tracing.context import Context, of_message, of_request, read

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
GOOD = f"00-{TRACE}-{SPAN}-01".encode()
WRONG = [
    b"",
    GOOD[:-1],
    GOOD + b"0",
    GOOD + b"-" + b"a" * 100_000,
    GOOD.upper(),
    GOOD.replace(b"00-", b"ff-", 1),
    f"00-{'0' * 32}-{SPAN}-01".encode(),
    f"00-{TRACE}-{'0' * 16}-01".encode(),
    GOOD.replace(b"-", b"\xff"),
    GOOD + b"\r\nNats-Rollup: all",
    "00-０af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".encode(),
]


def block(*lines: bytes) -> bytes:
    return b"NATS/1.0\r\n" + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


def test_one_that_is_right_is_read_and_said_again() -> None:
    found = read(GOOD)
    assert found == Context(TRACE, SPAN, sampled=True)
    assert str(found).encode() == GOOD
    assert read(GOOD[:-2] + b"00") == Context(TRACE, SPAN, sampled=False)
    assert of_message(block(b"Nats-Msg-Id: a:b", b"traceparent: " + GOOD)) == found
    assert of_message(block(b"Traceparent:" + GOOD, b"Nats-Msg-Id: a:b")) == found


@pytest.mark.parametrize("value", WRONG, ids=range(len(WRONG)))
def test_anything_else_is_none(value: bytes) -> None:
    assert read(value) is None
    assert of_request([(b"traceparent", value)]) is None
    if b"\r\n" not in value:  # a header's line ends there
        assert of_message(block(b"traceparent: " + value)) is None


def test_two_are_none() -> None:
    assert of_request([(b"traceparent", GOOD), (b"host", b"h"), (b"traceparent", GOOD)]) is None
    assert of_message(block(b"traceparent: " + GOOD, b"traceparent: " + GOOD)) is None
    assert of_request([]) is of_message(None) is of_message(block(b"x: raceparent:")) is None


def test_while_it_is_off_nothing_is_told_or_carried() -> None:
    assert not spans.on()
    assert spans.carried() == {}
    with spans.span("x", "server") as told:
        assert (told.told, told.trace, told.context) == (False, None, None)
    assert spans.begun("x") is spans.NOTHING
