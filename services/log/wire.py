"""The bus's wire format read in bulk: deliveries to one subscription are cut out, all else is left to the client.

nats-py's parser moves its whole buffer forward for every message and dispatches each by itself. What it is in the
middle of stays in its own buffer, so that a reconnect, which clears that, leaves nothing behind here.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

from nats.protocol.parser import AWAITING_CONTROL_LINE, AWAITING_MSG_PAYLOAD

Delivery = tuple[bytes, bytes, bytes, bytes | None]
"""Subject, reply, payload, header block."""

_END: Final = b"\r\n"
_LONGEST_LINE: Final = 4_096


class Cutter:
    """Stands in front of a client's parser and takes what is delivered to the subscription ``sid``, in order."""

    def __init__(self, parser: Any, sid: int, deliver: Callable[[Delivery], None]) -> None:
        self._parser = parser
        self._whole: Callable[[bytes], Awaitable[None]] = parser.parse
        self._deliver = deliver
        # (H)MSG subject sid reply [header size] size
        self._match = re.compile(rb"(H)?MSG (\S+) %d (\$JS\.ACK\.\S+) (?(1)(\d+) )(\d+)\r\n" % sid).match

    def install(self) -> None:
        """Come before the client's parser, and before those that came before it: the last to come leaves first."""
        self._parser.parse = self.parse

    def remove(self) -> None:
        """Give way to what was there before; what the parser is in the middle of is in its buffer."""
        self._parser.parse = self._whole

    async def parse(self, data: bytes = b"") -> None:
        """Take what arrived: deliveries are cut out, the rest goes to the client's parser, all in its order."""
        parser = self._parser
        if parser.state == AWAITING_MSG_PAYLOAD:
            missing = parser.needed + len(_END) - len(parser.buf)
            await self._whole(data[:missing])
            data = data[missing:]
        if parser.state == AWAITING_CONTROL_LINE:
            if parser.buf:
                data = bytes(parser.buf) + data
                parser.buf.clear()
            position, complete = self._cut(data)
            data = data[position:]
            if not complete:
                parser.buf.extend(data)
                return
        if data:
            await self._whole(data)

    def _cut(self, data: bytes) -> tuple[int, bool]:
        """Deliver what stands at the beginning; tell where it ends, and whether what follows is not for this one."""
        position, length = 0, len(data)
        match, deliver = self._match, self._deliver
        while (found := match(data, position)) is not None:
            _, subject, reply, headed, size = found.groups()
            start = found.end()
            end = start + int(size)
            if end + len(_END) > length:
                return position, False
            if headed is None:
                deliver((subject, reply, data[start:end], None))
            else:
                body = start + int(headed)
                deliver((subject, reply, data[body:end], data[start:body]))
            position = end + len(_END)
        return position, data.find(_END, position) >= 0 or length - position > _LONGEST_LINE
