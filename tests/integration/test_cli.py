"""The command line as its users run it: real servers, with the projector and the API in processes of their own."""

import csv
import io
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from projections.answers.words.outcome_words import REASONS
from services.cli.asking import write_file
from services.cli.errors import CommandError
from services.cli.options import AnswerFormat
from services.demo.generator import events
from services.settings import Settings
from tests import servers
from tests.fault import forked
from tests.fault.cluster import Command
from tests.fault.eventually import AT_LAST

HEAVY = {"faststream", "fastapi", "asyncpg", "httpx", "rich.table"}
PERIOD = ("--from", "2023-01-01", "--to", "2023-11-28")


def tonghop(*arguments: str, stdin: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TONGHOP_")}
    return forked.tonghop(*arguments, stdin=stdin.encode(), environ=kept | {"NO_COLOR": "1"} | environ)


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("demo") / "demo.jsonl"
    file.write_text("".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events()))
    return file


@pytest.fixture(scope="module")
def service(demonstration: Path) -> Iterator[dict[str, str]]:
    """Run servers, projector and API with the demonstration in, and give their environment."""
    with (
        servers.short_folder() as folder,
        servers.running_postgres(folder) as postgres,
        servers.running_nats(folder) as nats,
    ):
        settings = replace(
            Settings(),
            nats_url=nats.url,
            database_url=postgres.url,
            http=servers.free_address(),
            projector_http=servers.free_address(),
            metrics_http=servers.free_address(),
            access="open",
        )
        environ = replace(settings, api_url=f"http://{settings.http}").as_environment()
        assert tonghop("migrate", **environ).returncode == 0
        parts = [Command(name, settings, folder) for name in ("projector", "api")]
        try:
            for part in parts:
                part.start()
            until = time.monotonic() + AT_LAST
            while tonghop("status", **environ).returncode and time.monotonic() < until:
                time.sleep(0.05)
            published = tonghop("publish", str(demonstration), **environ)
            assert published.returncode == 0, published.stdout + published.stderr
            yield environ
        finally:
            for part in parts:
                part.stop()


def test_help_imports_nothing_heavy_and_is_in_the_users_language() -> None:
    for locale, word, other in (
        ("vi_VN.UTF-8", "Gửi sự kiện", "Publish events"),
        ("en_GB.UTF-8", "Publish events", "Gửi sự kiện"),
    ):
        # From nothing: what is said of a command is chosen when it is imported.
        done = subprocess.run(
            [sys.executable, "-m", "services.cli", "--help"],
            env={"PATH": os.environ["PATH"], "LC_ALL": locale},
            capture_output=True,
            text=True,
            check=True,
        )
        assert word in done.stdout
        assert other not in done.stdout
    code = f"import sys, services.cli; sys.exit(bool({HEAVY!r} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_service_that_is_not_there() -> None:
    done = tonghop("report", "gia-binh", "--api", "http://127.0.0.1:9")
    assert done.returncode == 1
    assert "tonghop up" in done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_usage_is_2() -> None:
    assert tonghop("report").returncode == 2
    assert tonghop("report", "gia-binh", "--format", "xml").returncode == 2
    assert tonghop("migrate", TONGHOP_NATS_URL="banana").returncode == 2
    for name, wrong in (("LIMIT", "101"), ("LIMIT", "-1"), ("WINDOW", "0"), ("WINDOW", "½")):
        assert tonghop("migrate", **{f"TONGHOP_REJECT_{name}": wrong}).returncode == 2


def test_a_file_that_is_not_there() -> None:
    done = tonghop("publish", "no-such-file.jsonl")
    assert done.returncode == 1
    assert "no-such-file.jsonl" in done.stderr


def test_the_service_of_the_data_folder_is_found(tmp_path: Path, service: dict[str, str]) -> None:
    (tmp_path / "run").mkdir()
    address = service["TONGHOP_API_URL"].removeprefix("http://")
    (tmp_path / "run" / "service.json").write_text(json.dumps({"http": address}))
    assert tonghop("status", "--data-dir", str(tmp_path)).returncode == 0


def test_a_report_as_a_table(service: dict[str, str]) -> None:
    done = tonghop("report", "gia-binh", *PERIOD, **service)
    assert done.returncode == 0
    for shown in ("Huyện ủy Gia Bình", "01/01/2023", "28/11/2023", "Đảng bộ xã Đại Bái", "(trực tiếp)"):
        assert shown in done.stdout
    (total,) = (line for line in done.stdout.splitlines() if line.startswith("Tổng cộng"))
    assert [cell.strip() for cell in total.split("│")[1:]] == ["89", "99", "396"]
    position = re.search(r"Vị trí trong nhật ký (\d+)", done.stdout)
    assert position is not None
    assert int(position[1]) >= len(events())  # other tests may have published before


@pytest.mark.parametrize("by", ["child", "month", "level:cell", "facet:grade", "facet:sex,grade", "none"])
def test_a_report_as_csv(service: dict[str, str], by: str) -> None:
    done = tonghop("report", "gia-binh", *PERIOD, "--by", by, "--format", "csv", **service)
    rows = list(csv.DictReader(io.StringIO(done.stdout, newline="")))
    assert {key: rows[-1][key] for key in ("kind", "admissions", "badges", "from", "basis")} == {
        "kind": "total",
        "admissions": "89",
        "badges": "396",
        "from": "2023-01-01",
        "basis": "as-was",
    }
    if by != "none":
        assert sum(int(row["confirmations"] or 0) for row in rows[:-1]) == 99  # a hidden value is empty
    assert [row["kind"] for row in rows[:-1]].count("suppressed") == any(row["badges"] == "" for row in rows)


def test_a_report_beside_the_year_before_and_split(service: dict[str, str]) -> None:
    asked = ("report", "gia-binh", *PERIOD, "--measures", "badges", "--compare", "last-year", "--split", "sex")
    done = tonghop(*asked, **service)
    assert done.returncode == 0, done.stderr
    for shown in ("Năm trước: Từ 01/01/2022 đến 28/11/2022", "tăng, giảm", "năm trước, giới tính: nữ"):
        assert shown in done.stdout, done.stdout
    answer = json.loads(tonghop(*asked, "--format", "json", **service).stdout)
    (total,) = (line for line in done.stdout.splitlines() if line.startswith("Tổng cộng"))
    values = [answer["total"]["badges"], *(answer["last_year"][name]["badges"] for name in ("total", "change"))]
    assert [cell.strip() for cell in total.split("│")[1:4]] == [str(n) for n in values]
    quarters = tonghop("report", "gia-binh", *PERIOD, "--by", "quarter", **service).stdout
    assert [line[:7] for line in quarters.splitlines() if line.startswith("2023-Q")] == [f"2023-Q{n}" for n in "1234"]


@pytest.mark.parametrize(
    ("command", "asked"),
    [
        (("report", "gia-binh", *PERIOD), "report?from=2023-01-01&to=2023-11-28&basis=as-was&by=child"),
        (("events", "xa-dai-bai", *PERIOD), "events?from=2023-01-01&to=2023-11-28&basis=as-was"),
        (("history", "gia-binh"), "history?"),
    ],
)
@pytest.mark.parametrize("dialect", ["", "excel-vi"])
def test_a_file_is_the_one_of_the_service(
    service: dict[str, str], command: tuple[str, ...], asked: str, dialect: str
) -> None:
    options, more = (("--dialect", dialect), f"&dialect={dialect}") if dialect else ((), "")
    done = tonghop(*command, "--format", "csv", *options, **service)
    path = f"/v1/units/{command[1]}/{asked}&format=csv{more}"
    told = httpx.get(service["TONGHOP_API_URL"] + path, timeout=60).content.decode()
    assert (done.returncode, done.stdout) == (0, told.replace("\r\n", "\n")), done.stderr


def test_a_file_is_written_where_it_is_asked_for(service: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "bao-cao.xlsx"
    asked = ("report", "gia-binh", *PERIOD, "--format", "xlsx", "--out")
    assert tonghop(*asked, str(file), **service).returncode == 0
    path = "/v1/units/gia-binh/report?from=2023-01-01&to=2023-11-28&basis=as-was&by=child&format=xlsx"
    assert file.read_bytes() == httpx.get(service["TONGHOP_API_URL"] + path, timeout=60).content
    again = tonghop(*asked, str(file), **service)
    assert (again.returncode, "bao-cao.xlsx" in again.stderr) == (1, True), "what is there is not overwritten"
    missing = tonghop("statement", "khong-co", "--format", "pdf", "--out", str(tmp_path / "x.pdf"), **service)
    assert (missing.returncode, (tmp_path / "x.pdf").exists()) == (1, False)
    table = tonghop("report", "gia-binh", "--out", str(tmp_path / "y"), **service)
    assert (table.returncode, "--out" in table.stderr) == (1, True)
    of_csv = tonghop("report", "gia-binh", "--format", "xlsx", "--dialect", "excel-vi", **service)
    assert (of_csv.returncode, "--format csv" in of_csv.stderr) == (1, True)


def test_what_is_no_text_is_not_written_to_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    for form in (AnswerFormat.XLSX, AnswerFormat.DOCX, AnswerFormat.PDF):
        with pytest.raises(CommandError, match=f"--out TÊN.{form}"):
            write_file(None, Path("nowhere"), form, None, "v1")
        with pytest.raises(CommandError, match=f"--out TÊN.{form}"):
            write_file(None, Path("nowhere"), form, Path("-"), "v1")


def test_a_dialect_is_of_a_file(service: dict[str, str]) -> None:
    done = tonghop("report", "gia-binh", "--dialect", "excel-vi", **service)
    assert (done.returncode, "--format csv" in done.stderr) == (1, True)
    wrong = tonghop("report", "no-such-unit", "--format", "csv", **service)
    assert (wrong.returncode, "no-such-unit" in wrong.stderr, wrong.stdout) == (1, True, "")


def test_hidden_cells_are_shown_as_hidden(service: dict[str, str]) -> None:
    done = tonghop("report", "gia-binh", *PERIOD, "--by", "facet:sex,grade", "--measures", "badges", **service)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert any(line.startswith("nữ (female) · 30") for line in lines)
    assert any(line.split("│")[-1].strip() == "…" for line in lines), done.stdout
    (hidden,) = (line for line in lines if line.startswith("Các ô bị ẩn"))
    assert int(hidden.split("│")[1]) > 0
    assert "ít hơn 3 người" in done.stdout
    assert "…" not in tonghop("report", "gia-binh", *PERIOD, "--by", "month", **service).stdout


def test_a_report_as_json_is_the_answer_of_the_api(service: dict[str, str]) -> None:
    done = tonghop("report", "gia-binh", *PERIOD, "--measures", "departures", "--format", "json", **service)
    assert json.loads(done.stdout)["total"] == {"departures": 22}


def test_a_problem_is_shown_plainly(service: dict[str, str]) -> None:
    done = tonghop("report", "khong-co", **service)
    assert (done.returncode, done.stdout) == (1, "")
    assert "404" in done.stderr
    assert "parameter: by" in tonghop("report", "gia-binh", "--by", "banana", **service).stderr


def test_the_other_answers(service: dict[str, str]) -> None:
    assert "Đảng bộ xã Thái Bảo" in tonghop("units", "thai bao", **service).stdout
    listed = tonghop("events", "gia-binh", "--measure", "badges", "--limit", "2", *PERIOD, **service).stdout
    assert listed.count("badge.awarded") == 2
    assert "--cursor" in listed
    last = events()[-1]
    why = tonghop("why", last["source"].removeprefix("/units/"), last["id"], **service)
    assert "đã tính (counted)" in why.stdout
    assert last["data"]["candidate"] in why.stdout
    assert tonghop("why", "gia-binh", "nope", **service).returncode == 1


def test_who_is_rejected(service: dict[str, str]) -> None:
    wrong = events()[-1] | {"id": "cli-rejected", "data": {"candidate": "c", "on": "2023-02-30", "passed": True}}
    publisher = wrong["source"].removeprefix("/units/")
    assert tonghop("publish", "-", stdin=json.dumps(wrong), **service).returncode == 1
    told = tonghop("rejects", **service).stdout
    for shown in (publisher, "trường không hợp lệ (invalid_field)", "dòng"):
        assert shown in told
    assert f"{publisher}: " in tonghop("status", **service).stdout
    resumed = tonghop("resume", **service)
    assert resumed.returncode == 1
    assert "không tạm dừng" in resumed.stderr


def test_a_unit_through_time(service: dict[str, str]) -> None:
    drawn = tonghop("tree", "gia-binh", "--on", "2023-11-28", "--depth", "1", **service).stdout
    assert drawn.splitlines()[0].startswith("Huyện ủy Gia Bình gia-binh")
    assert "── Đảng bộ xã Đại Bái" in drawn
    told = tonghop("history", "gia-binh", **service).stdout
    for shown in ("Thành lập", "Trực thuộc", "Tỉnh ủy Bắc Ninh", "upper"):
        assert shown in told


def test_why_a_total_changed(service: dict[str, str]) -> None:
    half = str(len(events()) // 2)
    done = tonghop("why-changed", "gia-binh", *PERIOD, "--position", half, "--limit", "3", **service)
    assert done.returncode == 0, done.stderr
    for shown in (
        "Huyện ủy Gia Bình",
        f"Vị trí trong nhật ký {half}",
        "tính thêm (counted)",
        "thay đổi khác",
        "Đã đối chiếu khớp",
    ):
        assert shown in done.stdout
    assert "Đã đối chiếu khớp" in tonghop("why-changed", "gia-binh", *PERIOD, **service).stdout


def test_the_sentence_for_a_report(service: dict[str, str]) -> None:
    done = tonghop("statement", "gia-binh", *PERIOD, **service)
    assert done.returncode == 0, done.stderr
    text, empty, footing = done.stdout.splitlines()
    assert text == (
        "Từ đầu năm 2023 đến ngày 28/11/2023, Đảng bộ huyện Gia Bình kết nạp 89 đảng viên mới; chuyển đảng chính thức"
        " cho 99 đảng viên dự bị; trao tặng Huy hiệu Đảng cho 396 đảng viên."
    )
    assert empty == ""
    assert footing.startswith("Số liệu tính theo tổ chức tại thời điểm phát sinh, tại vị trí ")
    answer = tonghop("statement", "gia-binh", *PERIOD, "--say", "admissions", "--format", "json", **service)
    assert json.loads(answer.stdout)["clauses"][0]["numbers"][0]["value"] == 89
    for refused in (("--say", "badges:target"), ("--claim", "badges_of_target:15")):
        done = tonghop("statement", "gia-binh", *PERIOD, *refused, **service)
        assert (done.returncode, done.stdout) == (1, "")
        assert "Số liệu không nói điều đó" in done.stderr
        assert "clause: badges" in done.stderr


def test_published_lines_are_each_told(service: dict[str, str]) -> None:
    good = events()[-1] | {"id": "cli-good"}
    bad = events()[-1] | {"id": "cli-bad", "data": {"candidate": "c", "on": "2023-02-30", "passed": True}}
    access = events()[-1] | {"id": "cli-access", "type": "access.revoked"}
    lines = "\n".join([json.dumps(good), json.dumps(bad), "text", json.dumps(good), json.dumps(access)])
    done = tonghop("publish", "-", stdin=lines, **service)
    assert done.returncode == 1
    told = [line.split(": ")[:3] for line in done.stdout.splitlines() if line.startswith("dòng ")]
    assert sorted(told) == [
        ["dòng 2", "cli-bad", "bị từ chối (rejected)"],
        ["dòng 3", "không gửi được (refused)", "dòng không đọc được (unpublishable)"],
        ["dòng 4", "cli-good", "trùng, đã có (duplicate)"],
        ["dòng 5", "không gửi được (refused)", f"{REASONS['service_alone']} (service_alone)"],
    ]
    assert "data.on" in done.stdout
    again = tonghop("publish", "-", "--all", "--mode", "pipelined", stdin=json.dumps(good), **service)
    assert again.returncode == 0
    assert "đã tính (counted)" in again.stdout


def test_who_said_nothing(service: dict[str, str]) -> None:
    told = tonghop("silence", "gia-binh", *PERIOD, "--level", "cell", "--limit", "1", **service)
    assert told.returncode == 0, told.stderr
    for shown in ("Huyện ủy Gia Bình", "Từ 01/01/2023 đến 28/11/2023, Chi bộ (cell)", "Chưa báo cáo"):
        assert shown in told.stdout
    more = next(line for line in told.stdout.splitlines() if "--list admitted_nobody" in line)
    following = ("--list", "admitted_nobody", "--cursor", more.split()[-1], "--format", "json")
    answer = json.loads(tonghop("silence", "gia-binh", *PERIOD, "--level", "cell", *following, **service).stdout)
    listed = answer["admitted_nobody"]
    assert listed["count"] == len(listed["units"]) + 1
    assert tonghop("silence", "gia-binh", "--list", "banana", **service).returncode == 1


def test_what_is_suspicious(service: dict[str, str]) -> None:
    unit = {
        "specversion": "1.0",
        "source": "/units/gia-binh",
        "subject": "gia-binh",
        "time": "2023-11-28T09:00:00+07:00",
    }
    twice = [
        unit
        | {"id": f"twice-{n}", "type": "member.admitted", "data": {"member": "twice", "decided_on": f"2024-03-0{n}"}}
        for n in (1, 2)
    ]
    lines = "".join(json.dumps(event) + "\n" for event in twice)
    assert tonghop("publish", "-", stdin=lines, **service).returncode == 0
    days = ("--from", "2024-03-01", "--to", "2024-03-31")  # when nobody else counts
    asked = ("findings", "gia-binh", *days, "--kind", "admitted_twice")
    told = tonghop(*asked, **service)
    assert told.returncode == 0, told.stderr
    for shown in ("Kết nạp hai lần", "twice-1", "twice-2", "02/03/2024"):
        assert shown in told.stdout
    found = json.loads(tonghop(*asked, "--format", "json", **service).stdout)["findings"]
    assert [[event["id"] for event in each["events"]] for each in found] == [["twice-1", "twice-2"]]
    rows = list(csv.DictReader(io.StringIO(tonghop(*asked, "--limit", "1", "--format", "csv", **service).stdout)))
    assert [(row["kind"], row["id_1"], row["id_2"], row["day_2"]) for row in rows] == [
        ("admitted_twice", "twice-1", "twice-2", "2024-03-02")
    ]
    assert tonghop("findings", "gia-binh", *PERIOD, "--kind", "banana", **service).returncode == 1
