"""Every metric of the projector, each with the reason why it is there. Labels have a bounded number of values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from importlib.metadata import version

from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from events.catalogue import CATALOGUE
from events.vocabulary import Outcome

# Which code makes the figures: the first question after a change.
BUILD = Gauge("tonghop_build_info", "The running version", ["version"], multiprocess_mode="mostrecent")
BUILD.labels(version=version("tonghop")).set(1)

# How far the figures are. Together with the stream's end it is what "right at every moment" is measured by.
POSITION = Gauge("tonghop_position", "Position of the log that the figures reflect", multiprocess_mode="mostrecent")
STREAM_LAST = Gauge("tonghop_stream_last", "Last position of the log", multiprocess_mode="mostrecent")

# How many servers of the bus have all of the log, of how many that should: with one less, an acknowledged event may be
# on too few disks. Only the bus knows; the projector asks it every second anyway.
LOG_COPIES = Gauge("tonghop_log_copies", "Copies of the log that are current", multiprocess_mode="mostrecent")
LOG_COPIES_WANTED = Gauge(
    "tonghop_log_copies_wanted", "Copies of the log that the stream is made with", multiprocess_mode="mostrecent"
)
# How large the log is: it is never cut, so a disk has to be made larger some day.
LOG_BYTES = Gauge("tonghop_log_bytes", "Bytes of the log on one server of the bus", multiprocess_mode="mostrecent")

# Lag in events says how much work waits, lag in seconds what readers feel. Both, as a stalled trickle shows in the
# second alone.
LAG_EVENTS = Gauge("tonghop_lag_events", "Messages of the log not yet in the figures", multiprocess_mode="mostrecent")
LAG_SECONDS = Gauge(
    "tonghop_lag_seconds",
    "Age of the oldest message that is not in the figures, by the bus's time; 0 when there is none",
    multiprocess_mode="mostrecent",
)

# What happens to what units send: a rise of rejected for one type is a broken client. Types and outcomes are the
# contract's own, so they are few.
EVENTS = Counter("tonghop_events_total", "Messages decided, by type and outcome", ["type", "outcome"])
UNREADABLE = "unreadable"
"""In the place of every type that the contract hasn't: anybody can make up any number of them."""
for _type in (*CATALOGUE, UNREADABLE):
    for _outcome in Outcome:
        EVENTS.labels(type=_type, outcome=_outcome.value)  # from 0 on: a rate doesn't see what a series begins with

# Batches grow with the backlog; small ones at a high rate or long commits say where the time goes.
BATCH_SIZE = Histogram(
    "tonghop_batch_messages", "Messages a batch", buckets=(1, 3, 10, 30, 100, 300, 1000, 3000, 10_000)
)
BATCH_SECONDS = Histogram(
    "tonghop_batch_seconds",
    "Duration of a batch by stage",
    ["stage"],
    buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10),
)

# What waits and why: parked events are figures that are missing.
PARKED = Gauge("tonghop_parked", "Parked events by reason", ["reason"], multiprocess_mode="mostrecent")

# A stalled subscription looks connected; only the time of the last successful fetch tells.
FETCHED_AT = Gauge(
    "tonghop_last_fetch_timestamp_seconds",
    "When the bus last answered a fetch, an empty answer included",
    multiprocess_mode="mostrecent",
)

# Errors that are waited out are otherwise invisible.
ERRORS = Counter("tonghop_errors_total", "Errors by the part that failed", ["part"])
OPEN_ERRORS = Gauge(
    "tonghop_open_errors", "1 while a part is failing, by part", ["part"], multiprocess_mode="mostrecent"
)
PARTS = ("bus", "database", "projector")
for _part in PARTS:
    ERRORS.labels(part=_part)
    OPEN_ERRORS.labels(part=_part)

# Who leads: exactly one projector, or nobody writes.
LEADING = Gauge("tonghop_leading", "1 where this projector is the one that writes", multiprocess_mode="mostrecent")

# Whether what has to hold does: root = counted facts, rows = total of some unit, ledger without gaps. A sample is wrong
# once and right the next time, so failures are counted too; and a check that no longer runs finds nothing.
INVARIANTS = ("root_is_all", "rows_make_total", "ledger_is_whole")
INVARIANT_BROKEN = Gauge(
    "tonghop_invariant_broken",
    "1 where the last check of an invariant failed",
    ["invariant"],
    multiprocess_mode="mostrecent",
)
INVARIANT_CHECKS = Counter("tonghop_invariant_checks_total", "Checks of an invariant", ["invariant"])
INVARIANT_FAILURES = Counter("tonghop_invariant_failures_total", "Checks of an invariant that failed", ["invariant"])
INVARIANT_CHECKED_AT = Gauge(
    "tonghop_invariant_checked_timestamp_seconds",
    "When an invariant was last checked",
    ["invariant"],
    multiprocess_mode="mostrecent",
)

# Paused at the limit on rejects: figures stand still on purpose, until an operator has looked.
PAUSED = Gauge(
    "tonghop_paused", "1 where the projector is paused by the limit on rejects", multiprocess_mode="mostrecent"
)


class Named(Collector):
    """A gauge by publisher, of those alone that are to be named: there are few, and they are gone when they are not."""

    def __init__(self, name: str, says: str) -> None:
        self._name, self._says = name, says
        self._values: Mapping[str, float] = {}
        REGISTRY.register(self)

    def show(self, values: Mapping[str, float]) -> AbstractSet[str]:
        """Name these from now on (the empty one is who can't be read), and return whom it named before."""
        before, self._values = self._values, dict(values)
        return before.keys()

    def collect(self) -> Iterator[Metric]:
        """Yield the gauge; without samples where nobody is to be named."""
        family = GaugeMetricFamily(self._name, self._says, labels=["publisher"])
        for publisher, value in self._values.items():
            family.add_metric([publisher or "unreadable"], value)
        yield family


# Who fills the log: the bus knows no rate for a user, so an operator has to know whom to shut out. At most as many as
# the share goes into a whole.
GROWING = Named(
    "tonghop_publisher_growth_share",
    "A publisher's share of the log's growth within a minute, shown where it is too large",
)

# Whose rejects would pause everybody if they all counted: one client is broken, or hostile. At most as many as the
# share goes into the window.
REJECTING = Named(
    "tonghop_publisher_rejects_at_share",
    "A publisher's recent rejected events, shown where they reach the share of the limit that one publisher may fill",
)

NAMED = (GROWING, REJECTING)

# Under `tonghop up` an API has the same folder of metrics. What begins like this is its own, and told by it alone.
OF_THE_API = "tonghop_api_"

# The memory that the aim of 400 MB is held against is the process's own and comes with prometheus-client outside of
# multiprocess mode.
