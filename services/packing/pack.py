"""A pack: events, one a line as they are sent, under a head that says whose they are, and its signature.

    {"tonghop_pack": 1, "unit": …, "events": n, "bytes": n, "sha256": …, "packed": …, "credential": JWT}
    SIGNATURE of the line above, by the key that the credential is made out to
    EVENT
    …

It is not compressed, so that nothing in it can grow. A client of NATS signs whatever text a server sends it when it
signs in; so what is signed here begins with a byte that no text has.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from projections.answers.words.vietnamese_format import VIETNAM
from projections.bilingual import Bilingual
from services.bus_credentials.signing import Key, KeyDamagedError, claims_of, verified
from services.publishing.lines import Line, Unpublishable, read_line

MOST_EVENTS: Final = 100_000
MOST_BYTES: Final = 64 << 20
"""Of all events with their line ends."""
_LONGEST_HEAD: Final = 16 << 10
_SIGNED: Final = b"\xfftonghop-pack-1\n"


class PackError(Exception):
    """A pack that can't be made or taken; the message, a Bilingual, says why."""


class PackHead(msgspec.Struct, frozen=True):
    """What a pack says of itself. `packed` is its maker's word, and `credential` for the hub to judge."""

    tonghop_pack: int
    unit: str
    events: int
    bytes: int
    sha256: str
    packed: str
    credential: str


class Pack(NamedTuple):
    """A pack that is whole, and signed by the key of its credential; `lines` have their numbers from 1."""

    head: PackHead
    lines: list[Line]


_read_head = msgspec.json.Decoder(PackHead).decode


def made(lines: Sequence[Line], jwt: str, seed: str) -> bytes:
    """Make a pack of events, with a credential and its seed. Raises PackError where it would be too large."""
    body = b"".join(line.body + b"\n" for line in lines)
    if len(lines) > MOST_EVENTS or len(body) > MOST_BYTES:
        raise PackError(
            Bilingual(
                f"một gói chứa tối đa {MOST_EVENTS} sự kiện và {MOST_BYTES >> 20} MB, hãy chia thành nhiều gói",
                f"a pack holds {MOST_EVENTS} events and {MOST_BYTES >> 20} MB at most, make several",
            )
        )
    unit = str(claims_of(jwt).get("name"))
    packed = dt.datetime.now(VIETNAM).isoformat(timespec="seconds")
    head = PackHead(1, unit, len(lines), len(body), hashlib.sha256(body).hexdigest(), packed, jwt)
    first = msgspec.json.encode(head)
    signature = Key.of(seed).signature(_SIGNED + first)
    return b"%s\n%s\n%s" % (first, signature.encode(), body)


def read(file: Path) -> Pack:
    """Read a pack whole, and hold it to its signature.

    Raises PackError where it is none, is too large, or one byte of it is another. Who signed it is for `whose` to say.
    """
    try:
        with file.open("rb") as opened:
            first = opened.readline(_LONGEST_HEAD + 1).removesuffix(b"\n")
            signature = opened.readline(256).removesuffix(b"\n")
            if not first.startswith(b'{"tonghop_pack":') or len(first) > _LONGEST_HEAD:
                raise PackError(Bilingual("không phải gói của `tonghop pack`", "it is no pack of `tonghop pack`"))
            body = opened.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise PackError(Bilingual("không đọc được", "it can't be read").with_detail(why)) from error
    try:
        head = _read_head(first)
        key = str(claims_of(head.credential).get("sub"))
    except (msgspec.MsgspecError, KeyDamagedError, ValueError, RecursionError) as error:
        raise _altered(str(error)) from error
    if head.tonghop_pack != 1:
        raise PackError(Bilingual("gói của phiên bản khác", "a pack of another version"))
    if not verified(key, _SIGNED + first, signature.decode("latin-1")):
        raise _altered("signature")
    if len(body) != head.bytes or hashlib.sha256(body).hexdigest() != head.sha256:
        raise _altered(f"{len(body)} bytes, sha256")
    return Pack(head, _events(head, body))


def _events(head: PackHead, body: bytes) -> list[Line]:
    """Read the events. Whoever holds a credential can sign anything: what no door takes refuses the pack."""
    raw = body.split(b"\n", MOST_EVENTS + 1)
    if raw.pop() or len(raw) != head.events or len(raw) > MOST_EVENTS:
        raise PackError(Bilingual("số dòng không đúng như gói ghi", "it has not as many lines as it says"))
    lines = []
    for number, text in enumerate(raw, 1):
        line = read_line(number, text)
        if isinstance(line, Unpublishable):
            raise PackError(
                Bilingual(
                    f"dòng {number}: không phải sự kiện gửi được",
                    f"line {number}: no event that can be sent",
                ).with_detail(f"{line.field or 'event'}: {line.detail}")
            )
        lines.append(line)
    return lines


def _altered(what: str) -> PackError:
    return PackError(
        Bilingual(
            "gói đã bị sửa hoặc hỏng sau khi ký, không nhận gì; hãy chép lại",
            "the pack was altered or damaged after it was signed, and nothing of it is taken; copy it again",
        ).with_detail(what)
    )
