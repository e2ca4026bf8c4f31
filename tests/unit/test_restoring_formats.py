"""The formats that a restore writes, held against values that others have published."""

import datetime as dt

from projections.rules.log.message import Message
from services.recovery import archive, framing
from services.recovery.overlap import Overlap, Remedy, first_difference, remedy


def test_the_checksum_is_castagnolis() -> None:
    """RFC 3720, section B.4, and the check value of the polynomial."""
    assert framing.checksum(b"123456789") == 0xE3069283
    assert framing.checksum(bytes(32)) == 0x8A9136AA
    assert framing.checksum(b"\xff" * 32) == 0x62A8AB43
    assert framing.checksum(bytes(range(32))) == 0x46DD794E
    assert framing.checksum(b"") == 0


def test_data_is_framed_in_blocks() -> None:
    data = bytes(framing.BLOCK + 1)
    framed = framing.framed(data)
    first = int.from_bytes(framed[1:4], "little")
    assert (framed[0], first) == (1, framing.BLOCK + 4)
    assert framed[4 + first :][:4] == b"\x01\x05\x00\x00"
    assert len(framed) == len(data) + 16


def test_a_message_is_an_entry_of_its_bytes() -> None:
    at = dt.datetime(1970, 1, 1, 0, 0, 0, 1, tzinfo=dt.UTC)
    (written,) = archive.body([Message(300, at, "party.v1.\udcff", b"H", b"body")])
    # Length of the name, 1000 ns as a zigzag number, position, lengths of headers and body.
    assert written == b"\x0a" + b"\xd0\x0f" + b"\xac\x02" + b"\x01" + b"\x04" + b"party.v1.\xffHbody"
    assert archive.tail() == bytes(5)


def test_what_is_done_with_a_stream() -> None:
    at = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    kept = [Message(n, at, "party.v1.a", None, b"%d" % n) for n in (1, 2, 3)]
    later = {message.position: message._replace(published_at=at + dt.timedelta(days=1)) for message in kept}
    assert first_difference(kept, later) == Overlap(0, None)
    assert first_difference(kept, {1: later[1]}) == Overlap(2, None)
    assert first_difference(kept, later | {2: later[3]}) == Overlap(0, 2)
    assert remedy(Overlap(0, None), 3, 9) is Remedy.NOTHING
    assert remedy(Overlap(1, None), 3, 3) is Remedy.MAKE_ANEW
    assert remedy(Overlap(1, None), 3, 4) is Remedy.NOT_THIS
    assert remedy(Overlap(0, 2), 3, 3) is Remedy.NOT_THIS
