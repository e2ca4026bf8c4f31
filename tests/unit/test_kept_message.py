"""What a row of the ledger leaves out of a message's headers comes back byte for byte."""

import datetime as dt

import pytest

from events.subjects import message_id
from projections.rules.log.kept_message import WITH_DIGEST, kept_headers, kept_message

BODY = b'{"id":"e-1"}'
WITH = message_id("u1", "e-1", BODY)


def block(*fields: str) -> bytes:
    return "\r\n".join(("NATS/1.0", *fields, "", "")).encode()


@pytest.mark.parametrize(
    ("headers", "kept"),
    [
        (block("Nats-Msg-Id: u1:e-1"), None),
        (block(f"Nats-Msg-Id: {WITH}"), WITH_DIGEST),
        (block(f"Nats-Msg-Id: {WITH.upper()}"), block(f"Nats-Msg-Id: {WITH.upper()}")),
        (block(f"Nats-Msg-Id: {WITH[:-1]}"), block(f"Nats-Msg-Id: {WITH[:-1]}")),
        (block("Nats-Msg-Id: u1:e-2"), block("Nats-Msg-Id: u1:e-2")),
        (block(f"Nats-Msg-Id: {WITH}", "x: y"), block(f"Nats-Msg-Id: {WITH}", "x: y")),
        (block(), block()),
    ],
)
def test_headers_come_back_as_they_were(headers: bytes, kept: bytes | None) -> None:
    assert kept_headers("u1", "e-1", headers, BODY) == kept
    message = kept_message(
        position=1,
        published_at=dt.datetime(2023, 1, 1, tzinfo=dt.UTC),
        bus_subject=None,
        headers=kept,
        publisher="u1",
        event_id="e-1",
        event_type="member.admitted",
        body=BODY,
    )
    assert message.headers == headers
