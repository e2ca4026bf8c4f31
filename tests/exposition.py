"""What a scrape can have, of this service and of the servers beside it, and what an expression of PromQL asks for."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from prometheus_client import REGISTRY, CollectorRegistry

from projections.answers.report.report_answers import PublisherRejects, WorkerState
from projections.store.reading.status import OutcomeTally, WorkerSeen
from services.api.metrics import StandingCollector
from services.forwarding import metrics as forward_metrics
from services.projector import metrics
from services.receipts.metering import requests_metered

TOP: Final = Path(__file__).parents[1]
RULES: Final = TOP / "deploy" / "prometheus"
RULE_FILES: Final = ("alerts.yml", "slo.yml", "cluster.yml")
TARGET: Final = {"job", "instance"}
_OF_PATRONI: Final = ("primary", "replica", "postgres_streaming", "xlog_location", "xlog_replayed_location")
_OF_ETCD: Final = ("server_has_leader", "mvcc_db_total_size_in_bytes", "server_quota_backend_bytes")
_OF_PROCESSES: Final = ("start_time_seconds", "resident_memory_bytes", "cpu_seconds_total")
OF_OTHERS: Final[Mapping[str, set[str]]] = {
    "up": set(),  # Prometheus' own, and the next one
    "ALERTS": {"alertname", "alertstate", "severity"},
    **{f"process_{name}": set[str]() for name in _OF_PROCESSES},  # prometheus-client's, of each process
    # Patroni 4.1 at its REST address, etcd 3.4 at its client address
    **{f"patroni_{name}": {"scope", "name"} for name in (*_OF_PATRONI, "dcs_last_seen", "is_paused")},
    **{f"etcd_{name}": set[str]() for name in _OF_ETCD},
    "etcd_disk_wal_fsync_duration_seconds_bucket": {"le"},
    # node_exporter and blackbox_exporter
    **{f"node_filesystem_{name}_bytes": {"fstype", "mountpoint", "device"} for name in ("avail", "size")},
    "probe_success": set(),
}
"""Metrics of well-known others that rules and dashboards use, with the labels that are used of them."""

_SUFFIXES: Final = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}
_WORDS: Final = frozenset({"and", "or", "unless", "bool", "offset", "inf", "nan"})
_GROUPING: Final = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
_NAME: Final = re.compile(r"(?<![\w:.])([a-zA-Z_:][\w:]*)(?![\w:])(?!\s*\()\s*(\{[^}]*\})?")


@cache
def exposed() -> dict[str, set[str]]:
    """Name every sample that a scrape of projector, API or leaf can have, with its own labels."""
    assert metrics.BUILD
    assert forward_metrics.WAITING
    found = {}
    bus = CollectorRegistry()
    requests_metered(bus)
    for registry in (REGISTRY, bus):
        for metric in registry.collect():
            collector = registry._names_to_collectors.get(metric.name)
            for suffix in _SUFFIXES.get(metric.type, ()):
                labels = set(getattr(collector, "_labelnames", ()))
                found[metric.name + suffix] = labels | ({"le"} if suffix == "_bucket" else set())
    tally, rejecting = (
        OutcomeTally("member.admitted", "parked", "unknown_unit", 1),
        PublisherRejects("u1", 1, {"cycle": 1}, 1),
    )
    now = dt.datetime.now(dt.UTC)
    worker = WorkerSeen(WorkerState("w", "leading", None, now, now, now), 1, now)
    for metric in StandingCollector(1, 1, [tally], worker, [rejecting], behind=0.0).collect():
        found[metric.name] = {label for sample in metric.samples for label in sample.labels}
    for named in metrics.NAMED:
        for metric in named.collect():
            found[metric.name] = {"publisher"}
    return found


def rules() -> Iterator[tuple[str, dict[str, Any]]]:
    """Give every rule that is shipped, with the file that it is in."""
    for name in RULE_FILES:
        for group in yaml.safe_load((RULES / name).read_text(encoding="utf-8"))["groups"]:
            yield from ((name, rule) for rule in group["rules"])


@cache
def recorded() -> dict[str, set[str]]:
    """Name what rules record, with the labels that they give it."""
    found: dict[str, set[str]] = {}
    for _, rule in rules():
        if "record" in rule:
            found.setdefault(rule["record"], set()).update(rule.get("labels", {}))
    return found


@cache
def known() -> dict[str, set[str]]:
    """Name everything that may be asked for."""
    return {**exposed(), **recorded(), **OF_OTHERS}


def asked(expression: str) -> dict[str, set[str]]:
    """Name the metrics that an expression asks for, each with the labels that it chooses by."""
    texts = re.sub(r'"(?:[^"\\]|\\.)*"', '""', expression)
    plain = re.sub(r"\[[^\]]*\]", "", _GROUPING.sub("", texts))
    found: dict[str, set[str]] = {}
    for name, selector in _NAME.findall(plain):
        if name.lower() not in _WORDS:
            found.setdefault(name, set()).update(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selector or ""))
    return found


def grouped(expression: str) -> set[str]:
    """Name the labels by which an expression groups or joins."""
    return {label.strip() for part in _GROUPING.findall(expression) for label in part.split(",") if label.strip()}
