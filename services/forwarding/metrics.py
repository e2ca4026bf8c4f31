"""What `tonghop forward` tells Prometheus."""

from typing import Final

from prometheus_client import Counter, Gauge

WAITING: Final = Gauge("tonghop_forward_waiting", "Messages that wait at the leaf, those that are set aside included")
OLDEST: Final = Gauge("tonghop_forward_oldest_seconds", "How long the oldest of them has waited")
BYTES: Final = Gauge("tonghop_forward_waiting_bytes", "Bytes of them")
ROOM: Final = Gauge("tonghop_forward_room_bytes", "Bytes that may wait; when they are full, units are refused")
ASIDE: Final = Gauge("tonghop_forward_aside", "Messages that the hub does not take, by reason", ["reason"])
FORWARDED: Final = Counter("tonghop_forward_sent", "Messages that the hub has acknowledged")
CONNECTED: Final = Gauge("tonghop_forward_connected", "1 while the hub can be reached")
