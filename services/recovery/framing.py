"""The framing of an S2 stream (github.com/google/snappy, framing_format.txt), written without compression."""

from __future__ import annotations

from typing import Final

MAGIC: Final = b"\xff\x06\x00\x00S2sTwO"
"""What an S2 stream begins with."""

BLOCK: Final = 1 << 16
"""Bytes of data in a chunk at most."""

_UNCOMPRESSED: Final = b"\x01"
_POLYNOMIAL: Final = 0x82F63B78  # Castagnoli's, reflected
_MASK_DELTA: Final = 0xA282EAD8
_ALL: Final = 0xFFFFFFFF


def _remainder(word: int) -> int:
    for _ in range(16):
        word = word >> 1 ^ _POLYNOMIAL if word & 1 else word >> 1
    return word


_WORDS: Final = tuple(_remainder(word) for word in range(1 << 16))
"""The remainders of all 16-bit words: two bytes a step, where the usual table takes one."""


def framed(data: bytes) -> bytes:
    """Return the chunks that carry `data`."""
    return b"".join(_chunk(data[first : first + BLOCK]) for first in range(0, len(data), BLOCK))


def _chunk(block: bytes) -> bytes:
    crc = checksum(block)
    masked = ((crc >> 15 | crc << 17) + _MASK_DELTA) & _ALL
    return b"".join((_UNCOMPRESSED, (len(block) + 4).to_bytes(3, "little"), masked.to_bytes(4, "little"), block))


def checksum(data: bytes) -> int:
    """Return the CRC-32C of `data`."""
    crc, words = _ALL, _WORDS
    even = len(data) & ~1
    for low, high in zip(data[:even:2], data[1:even:2], strict=True):
        crc = crc >> 16 ^ words[(crc ^ (high << 8 | low)) & 0xFFFF]
    if len(data) != even:
        crc ^= data[-1]
        for _ in range(8):
            crc = crc >> 1 ^ _POLYNOMIAL if crc & 1 else crc >> 1
    return crc ^ _ALL
