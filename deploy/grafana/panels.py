"""What the three dashboards show: every panel with its question, its unit and its queries. `make.py` makes Grafana's files of it.

`$__rate_interval` is Grafana's. Labels are those that metrics have: types, routes, parts, instances; never a unit of one's choice.
"""

from __future__ import annotations

from typing import Final, NamedTuple

STAT, LINES, BARS, STATES, LIST = "stat", "lines", "bars", "states", "list"
"""One number; lines over time; the same, stacked; a state over time; names with a bar each."""
ASKED: Final = 'tonghop_api_requests_total{route!~"/healthz|/readyz"}'


class Query(NamedTuple):
    """An expression, and what each of its lines is called: labels in double braces."""

    expr: str
    legend: str = ""


class Panel(NamedTuple):
    """A panel; `bad` is the value from which on it is red, or with `good_above` below which."""

    title: str
    says: str
    kind: str
    unit: str
    queries: tuple[Query, ...]
    width: int = 8
    bad: float | None = None
    warn: float | None = None
    good_above: bool = False
    words: tuple[tuple[str, str, str], ...] = ()
    """Of a state: value, what it is called, colour."""


class Row(NamedTuple):
    """Panels under a heading."""

    title: str
    panels: tuple[Panel, ...]


class Board(NamedTuple):
    """A dashboard."""

    uid: str
    title: str
    says: str
    rows: tuple[Row, ...]


def one(  # noqa: PLR0917 - a line of a table
    title: str, says: str, kind: str, unit: str, expr: str, legend: str = "", **more: object
) -> Panel:
    """Make a panel of one query."""
    return Panel(title, says, kind, unit, (Query(expr, legend),), **more)  # type: ignore[arg-type]


YES_NO: Final = (("0", "không / no", "red"), ("1", "có / yes", "green"))
LEADS: Final = (("0", "chờ / stands by", "blue"), ("1", "ghi / leads", "green"))

BUDGETS: Final = one(
    "Phần còn lại của lời hứa / Left of the promise",
    "Of the faults that a promise allows in 30 days, the share that has not happened yet. Below 0 the promise is broken.",
    STAT, "percentunit", "tonghop:slo_budget_left:ratio", "{{slo}}", bad=0.0, warn=0.25, good_above=True,
)  # fmt: skip
BEHIND: Final = one(
    "Số liệu chậm / Figures are behind",
    "For how long the log has gone beyond what each API answers. Promised: less than 5 s for 99.5 % of the time.",
    LINES, "s", "tonghop_readable_behind_seconds", "{{instance}}", bad=5.0,
)  # fmt: skip

OPERATOR: Final = Board(
    "tonghop-operator",
    "Tổng hợp: vận hành / operator",
    "Whether what was promised is kept, what writes, what answers, and what it runs on.",
    (
        Row("Lời hứa / Promises", (
            BUDGETS,
            one("Tốc độ tiêu hao / Burn rate, 1 h",
                "How many times faster than allowed faults came within the hour. At 14.4 somebody is woken.",
                LINES, "none", "tonghop:slo_burn:rate1h", "{{slo}}", bad=14.4),
            one("Cảnh báo / Alerts that fire", "Each has a page in docs/runbooks.",
                LIST, "none", 'sum by (alertname, severity) (ALERTS{alertstate="firing"})', "{{alertname}} ({{severity}})", bad=1.0),
        )),
        Row("Số liệu / Figures", (
            one("Ai đang ghi / Who leads", "Exactly one projector writes.", STATES, "none",
                'tonghop_leading{job="tonghop-projector"}', "{{instance}}", words=LEADS),
            BEHIND,
            one("Sự kiện chờ tính / Events not in the figures", "Of the log, what no answer reflects yet.",
                LINES, "short", "tonghop_readable_lag_events", "{{instance}}"),
            one("Sự kiện mỗi giây / Events a second", "What is decided, by what becomes of it.",
                BARS, "short", "sum by (outcome) (rate(tonghop_events_total[$__rate_interval]))", "{{outcome}}"),
            Panel("Thời gian một đợt / Time of a batch", "`fold` is the program, `commit` the database.", LINES, "s", (
                Query("histogram_quantile(0.99, sum by (le, stage) (rate(tonghop_batch_seconds_bucket[$__rate_interval])))", "{{stage}}, 99 %"),
                Query("histogram_quantile(0.5, sum by (le, stage) (rate(tonghop_batch_seconds_bucket[$__rate_interval])))", "{{stage}}, 50 %"),
            )),
            one("Đang chờ / Parked, by reason", "Figures that are missing until something comes.",
                LINES, "short", 'sum by (reason) (max by (type, reason) (tonghop_readable_messages{outcome="parked"}))', "{{reason}}"),
            one("Kiểm tra sai / Checks that fail", "Of the figures, found by the projector itself. Always 0.",
                LINES, "short", "sum by (invariant) (increase(tonghop_invariant_failures_total[1h]))", "{{invariant}}", bad=1.0),
            one("Thành phần lỗi / Parts that fail", "The projector waits for them by itself.",
                STATES, "none", "max by (part) (tonghop_open_errors)", "{{part}}", words=(("0", "tốt / well", "green"), ("1", "lỗi / fails", "red"))),
            one("Tạm dừng / Paused", "At the limit on rejected events.", STATES, "none", "max(tonghop_paused)", "tonghop",
                words=(("0", "không / no", "green"), ("1", "tạm dừng / paused", "red"))),
        )),
        Row("Nhật ký / Log", (
            one("Độ lớn nhật ký / Size of the log", "On one server of the bus. It is never cut.", LINES, "bytes", "max(tonghop_log_bytes)", "log"),
            Panel("Bản sao / Copies", "Copies that are current, of how many there should be.", LINES, "none", (
                Query("max(tonghop_log_copies and on (job, instance) tonghop_leading == 1)", "có / current"),
                Query("max(tonghop_log_copies_wanted)", "cần / wanted"),
            )),
            one("Ai gửi nhiều / Who floods the log", "Publishers above their share of a minute's growth; at most five.",
                LIST, "percentunit", "max by (publisher) (tonghop_publisher_growth_share)", "{{publisher}}", bad=0.2),
        )),
        Row("Trả lời / Answers", (
            one("Câu hỏi mỗi giây / Questions a second", "By how they were answered; `gone`: the asker hung up.",
                BARS, "short", f"sum by (status) (rate({ASKED}[$__rate_interval]))", "{{status}}"),
            one("Chậm nhất 1 % / Slowest 1 %", "99 of 100 answers of a route take no longer; the ten slowest routes.", LINES, "s",
                "topk(10, histogram_quantile(0.99, sum by (le, route) (rate(tonghop_api_request_seconds_bucket[$__rate_interval]))))",
                "{{route}}", bad=0.5),
            one("Từ chối vì bận / Turned away", "`share`: one client asks too much; `full`, `patience`: all do.",
                BARS, "short", "sum by (queue, why) (rate(tonghop_api_refused_total[$__rate_interval]))", "{{queue}}: {{why}}"),
            one("Đang chờ lượt / Questions that wait", "For their turn, for a position, or for news (open pages).",
                LINES, "short", "sum by (queue) (tonghop_api_waiting)", "{{queue}}"),
            one("Kết nối / Connections", "Open ones of each API.", LINES, "short",
                'tonghop_api_connections{job="tonghop-api"}', "{{instance}}"),
            one("Kết nối bị đóng / Connections ended",
                "By the service; `idle` makes room for others, `late` never finished a request.",
                BARS, "short", "sum by (why) (rate(tonghop_api_connections_dropped_total[$__rate_interval]))", "{{why}}"),
        )),
        Row("Tiến trình / Processes", (
            one("Thu được số đo / Can be asked", "Whether Prometheus reaches them.", STATES, "none",
                'up{job=~"tonghop-.*"}', "{{job}} {{instance}}", words=YES_NO),
            one("Bộ nhớ / Memory", "Resident; a projector of 300,000 units is meant to stay below 400 MB.",
                LINES, "bytes", 'process_resident_memory_bytes{job=~"tonghop-.*"}', "{{job}} {{instance}}"),
            one("Bộ xử lý / Processor", "Cores in use.", LINES, "none",
                'rate(process_cpu_seconds_total{job=~"tonghop-.*"}[$__rate_interval])', "{{job}} {{instance}}"),
        )),
        Row("Cụm máy / Cluster", (
            one("PostgreSQL: máy chính / primary", "Of Patroni; one is 1.", STATES, "none", "patroni_primary", "{{instance}}",
                words=(("0", "dự phòng / standby", "blue"), ("1", "chính / primary", "green"))),
            one("PostgreSQL: chậm / replay lag", "Of the primary's log, not replayed yet.", LINES, "bytes",
                "(max by (scope) (patroni_xlog_location) - on (scope) group_right () patroni_xlog_replayed_location)"
                " and on (scope, instance) patroni_replica == 1", "{{instance}}", bad=67_108_864.0),
            one("etcd: thấy máy dẫn đầu / has a leader", "Of each member.", STATES, "none", "etcd_server_has_leader", "{{instance}}", words=YES_NO),
        )),
    ),
)  # fmt: skip

PUBLISHER: Final = Board(
    "tonghop-publisher",
    "Tổng hợp: đơn vị gửi / publisher",
    "What units send, what becomes of it, and how soon: for whoever runs units' systems or helps those who do.",
    (
        Row("Sự kiện / Events", (
            one("Sự kiện theo loại / Events by type", "What is decided each second.", BARS, "short",
                "sum by (type) (rate(tonghop_events_total[$__rate_interval])) > 0", "{{type}}", width=12),
            one("Kết quả / Outcomes",
                "Counted, applied, waiting (parked), rejected, said before (duplicate), taken back (retracted).", BARS, "short",
                "sum by (outcome) (rate(tonghop_events_total[$__rate_interval]))", "{{outcome}}", width=12),
            one("Tỷ lệ bị từ chối / Share rejected",
                "By type. Above 5 % one client or another says the same wrong thing again and again.", LINES, "percentunit",
                'sum by (type) (rate(tonghop_events_total{outcome="rejected"}[$__rate_interval]))'
                " / (sum by (type) (rate(tonghop_events_total[$__rate_interval])) > 0)", "{{type}}", bad=0.05),
            one("Bao lâu thì được tính / Until it counts", "Age of the oldest event that is not in the figures.", LINES, "s",
                "max(tonghop_lag_seconds and on (job, instance) tonghop_leading == 1)", "chậm nhất / oldest", bad=5.0),
            one("Nhận được không / Are events taken", "Whether the bus answers, and the log goes on.", STATES, "none",
                "max(tonghop_readable_bus_up)", "bus", words=YES_NO),
        )),
        Row("Sai và chờ / Wrong and waiting", (
            one("Đang chờ / Parked, by reason", "They hold by themselves when what they wait for comes.", LINES, "short",
                'sum by (reason) (max by (type, reason) (tonghop_readable_messages{outcome="parked"}))', "{{reason}}"),
            one("Bị từ chối / Rejected, by reason", "Since the beginning.", LIST, "short",
                'sort_desc(sum by (reason) (max by (type, reason) (tonghop_readable_messages{outcome="rejected"})))', "{{reason}}"),
            one("Đơn vị bị từ chối nhiều / Publishers with most rejects", "At most twenty; `unreadable`: who can't be told.", LIST, "short",
                "topk(10, max by (publisher) (tonghop_readable_publisher_rejects))", "{{publisher}}"),
        )),
        Row("Biên nhận và cửa HTTP / Receipts and the door over HTTP", (
            one("Hỏi biên nhận / Receipts asked for", "Over the bus, each second, by how it was answered.", BARS, "short",
                "sum by (status) (rate(tonghop_bus_received_processed_messages_total[$__rate_interval]))", "{{status}}"),
            one("Thời gian trả lời biên nhận / Time of a receipt", "99 of 100 take no longer.", LINES, "s",
                "histogram_quantile(0.99, sum by (le) (rate(tonghop_bus_received_processed_messages_duration_seconds_bucket[$__rate_interval])))", "99 %"),
            one("Gửi qua HTTP / Sent over HTTP", "Requests to `/v1/events` and `/v1/imports`, by how they were answered.", BARS, "short",
                'sum by (route, status) (rate(tonghop_api_requests_total{route=~"/v1/(events|imports).*"}[$__rate_interval]))', "{{route}} {{status}}"),
        )),
        Row("Trạm ở tỉnh / Leaves", (
            one("Chờ chuyển / Waiting at leaves", "Messages that the hub has not yet.", LINES, "short", "tonghop_forward_waiting", "{{instance}}"),
            one("Chờ lâu nhất / Oldest that waits", "After a day somebody is told.", LINES, "s",
                "tonghop_forward_oldest_seconds", "{{instance}}", bad=86_400.0),
            one("Đầy / Room taken", "Full, units are refused there.", LINES, "percentunit",
                "tonghop_forward_waiting_bytes / tonghop_forward_room_bytes", "{{instance}}", bad=0.8),
        )),
    ),
)  # fmt: skip

READER: Final = Board(
    "tonghop-reader",
    "Tổng hợp: người đọc / reader",
    "Whether figures can be read, how old they are, and how soon answers come: for whoever answers readers' questions.",
    (
        Row("Bây giờ / Now", (
            one("Đọc được số liệu / Figures can be read", "By each API.", STATES, "none",
                "tonghop_readable_database_up", "{{instance}}", words=YES_NO),
            BEHIND,
            BUDGETS,
        )),
        Row("Câu hỏi / Questions", (
            one("Câu hỏi theo đường dẫn / Questions by route", "The ten that are asked most, each second.", BARS, "short",
                f"topk(10, sum by (route) (rate({ASKED}[$__rate_interval])))", "{{route}}", width=12),
            one("Kết quả / How they were answered", "304: the asker had it already; 4xx: asked wrongly, or may not; 5xx: not answered.", BARS, "short",
                f"sum by (status) (rate({ASKED}[$__rate_interval]))", "{{status}}", width=12),
            Panel("Thời gian / Time to an answer", "Of all questions; a wait for a position counts in.", LINES, "s", tuple(
                Query(f"histogram_quantile({q}, sum by (le) (rate(tonghop_api_request_seconds_bucket[$__rate_interval])))", f"{q * 100:g} %")
                for q in (0.5, 0.95, 0.99)), bad=0.5),
            one("Không trả lời / Not answered",
                "Share of 5xx. Promised: less than 0.1 %. Positions that were not reached are not counted.", LINES, "percentunit",
                'clamp_min(((sum(rate(tonghop_api_requests_total{status=~"5..", route!~"/healthz|/readyz"}[$__rate_interval])) or vector(0))'
                " - (sum(rate(tonghop_api_unreached_total[$__rate_interval])) or vector(0))), 0)"
                f" / (sum(rate({ASKED}[$__rate_interval])) > 0)", "5xx", bad=0.001),
            one("Đã có sẵn / Had already", "Share of 304: what caching saves.", LINES, "percentunit",
                'sum(rate(tonghop_api_requests_total{status="304"}[$__rate_interval])) / (sum(rate(' + ASKED + "[$__rate_interval])) > 0)", "304"),
        )),
        Row("Chờ và từ chối / Waiting and turned away", (
            one("Đang chờ lượt / Questions that wait", "`position`: for newer figures; `news`: open pages.", LINES, "short",
                "sum by (queue) (tonghop_api_waiting)", "{{queue}}"),
            one("Từ chối vì bận / Turned away", "By queue, and whether one client or all ask too much.", BARS, "short",
                "sum by (queue, why) (rate(tonghop_api_refused_total[$__rate_interval]))", "{{queue}}: {{why}}"),
            one("Vị trí / Position of the figures", "Of each API: one that reads from a standby that lags stays below.", LINES, "none",
                "tonghop_readable_position", "{{instance}}"),
        )),
    ),
)  # fmt: skip

BOARDS: Final = (OPERATOR, PUBLISHER, READER)
