"""Every command in hostile surroundings (issue 12, points 20 and 21): a message and a code, never a traceback."""

import os
import pty
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.attacks.answering import OTHERS, Kind, answering, report_of
from tests.attacks.warm import Done, Surroundings, Warm
from tests.commands import all_commands

COMMANDS = all_commands()
GIVEN = {
    "unit": "gia-binh",
    "publisher": "gia-binh",
    "event_id": "e-1",
    "reason": "nhập nhầm",
    "file": "no-such-file.jsonl",
    "folder": "copy",
    "text": None,
    "key": "no-such-key.pem",
    "units": "gia-binh",
    "account": "a-0123456789abcdef",
    "name": "lan.nguyen",
    "role": "reader",
    "token": "t-0123456789abcdef",
    "hub": "no-such-signed.conf",
    "type_": "member.admitted",
    "credentials": "no-such-unit.creds",
    "sheet": f"i-{'0123456789abcdef' * 2}",
}
"""What is given for a parameter that must be given; a command with a new one needs a row here."""

MUST: dict[str, tuple[str, ...]] = {
    "init": ("--root", "trung-uong", "--name", "Trung ương"),
    "restore": ("--from-log",),
}
NOBODY = "http://127.0.0.1:1"
AWAY = {
    "TONGHOP_API_URL": NOBODY,
    "TONGHOP_NATS_URL": "nats://127.0.0.1:1",
    "TONGHOP_DATABASE_URL": "postgresql://postgres@127.0.0.1:1/tonghop",
}
WRONG = {"TONGHOP_NATS_URL": "banana", "TONGHOP_DATABASE_URL": "banana", "TONGHOP_API_URL": "banana:"}
CHANGING = {
    *("init", "grant", "revoke", "retract", "token add", "token revoke"),
    *("account add", "account invite", "account disable", "account token"),
    *("template", "import", "unpack"),
}
"""They ask the API, too, and change something, there or in the current folder."""
COPYING = "word-templates"
"""It needs neither server nor settings."""
OFFLINE = {name for name in COMMANDS if name.startswith("credential ")} | {COPYING}
"""They work on a folder, of keys or of templates, and ask no server."""
RUN_FOR_EVER = {"up", "projector", "api", "migrate"}
"""They wait for their servers, as they should: here they are run with settings that can't be used."""

OWN_CODES = {0, 1, 2, 3}
TRACES = (b"Traceback", b"Exception ignored", b'File "')


def arguments_of(name: str) -> list[str]:
    given = name.split()
    for parameter in COMMANDS[name].params:
        if parameter.required:
            value = GIVEN[parameter.name]
            given += [parameter.opts[0], value] if parameter.param_type_name == "option" else [value]
    return given + list(MUST.get(name, ()))


def wrong_ones(name: str) -> list[str]:
    return [*arguments_of(name), *(("--http", "banana") if name == "up" else ())]


def assert_decent(done: Done, asked: Any, codes: set[int] | None = None) -> None:
    shown = done.stdout + done.stderr
    assert not any(trace in shown for trace in TRACES), (asked, shown.decode(errors="replace"))
    assert done.code in (codes or OWN_CODES), (asked, done.code, shown.decode(errors="replace"))


@pytest.fixture(scope="module")
def examples() -> Iterator[dict[str, str]]:
    with answering("examples") as (address, _):
        yield AWAY | {"TONGHOP_API_URL": address}


def test_every_command_can_be_asked_for() -> None:
    assert {name: arguments_of(name) for name in COMMANDS}
    assert len(COMMANDS) > 25


@pytest.mark.parametrize(
    "names", [[*COMMANDS][::4], pytest.param([*COMMANDS], marks=pytest.mark.long)], ids=["few", "all"]
)
def test_help_everywhere(warm: Warm, names: list[str]) -> None:
    """On a full disk it is said that it can't be written; nobody reads: quiet; ASCII: without diacritics."""
    for name in names:
        full = warm.run([*name.split(), "--help"], Surroundings(stdout="/dev/full"))
        assert_decent(full, name, {1})
        assert "không đầy đủ" in full.stderr.decode()
        unread = warm.run([*name.split(), "--help"], Surroundings(stdout="UNREAD"))
        assert (unread.code, unread.stderr) == (141, b""), name
        plain = warm.run([*name.split(), "--help"], Surroundings(environ={"PYTHONIOENCODING": "ascii"}))
        assert_decent(plain, name, {0})
        assert plain.stdout.isascii()
        assert b"Cach dung: tonghop" in plain.stdout


READING = sorted(
    name for name, command in COMMANDS.items() if name not in CHANGING and "api" in {one.name for one in command.params}
)
"""They ask the API and change nothing."""
FIRST_A_FILE = {"unpack"}
"""They read a file before they ask, and there is none here."""
ASKING = sorted({*READING, *CHANGING} - FIRST_A_FILE)
A_FEW = ("report", "status", "init", "template")
BY_ANOTHER_WAY: tuple[tuple[str, ...], ...] = (
    ("findings", "x", "--format", "csv"),
    ("audit", "--format", "jsonl"),
    ("account", "disable", "lan.nguyen"),
    ("import", f"i-{'0' * 32}", "--send"),
)
"""Options with which a command reads what it is answered at another place."""

SURROUNDINGS = {
    "nothing set": Surroundings(),
    "no home, no terminal": Surroundings(environ={"HOME": "", "TERM": "", "COLUMNS": "banana", "LINES": "-1"}),
    "tiny": Surroundings(environ={"COLUMNS": "1", "LINES": "1", "FORCE_COLOR": "1"}),
    "huge": Surroundings(environ={"COLUMNS": "9" * 18, "FORCE_COLOR": "1"}),
    "ascii": Surroundings(environ={"PYTHONIOENCODING": "ascii:strict"}),
    "latin": Surroundings(environ={"PYTHONIOENCODING": "latin-1", "LC_ALL": "C"}),
    "english": Surroundings(environ={"TONGHOP_LANG": "en"}),
    "folder gone": Surroundings(gone=True),
    "all closed": Surroundings(stdin=None, stdout=None, stderr=None),
    "no stdin": Surroundings(stdin=None),
    "stderr full": Surroundings(stderr="/dev/full"),
}


@pytest.mark.parametrize("surroundings", SURROUNDINGS)
def test_answers_are_shown_everywhere(warm: Warm, examples: dict[str, str], surroundings: str) -> None:
    within = SURROUNDINGS[surroundings]
    for name in READING if surroundings in {"ascii", "tiny", "english"} else READING[::3]:
        asked = Surroundings(**{**within.__dict__, "environ": {**examples, **within.environ}})
        done = warm.run(arguments_of(name), asked)
        assert_decent(done, (surroundings, name), {0})
        assert done.stdout or within.stdout is None


def test_answers_that_cannot_be_written(warm: Warm, examples: dict[str, str]) -> None:
    for name in READING:
        done = warm.run(arguments_of(name), Surroundings(environ=examples, stdout="/dev/full"))
        assert_decent(done, name, {1})
        assert "No space left" in done.stderr.decode(), name
        quiet = warm.run(arguments_of(name), Surroundings(environ=examples, stdout="UNREAD"))
        assert (quiet.code, quiet.stderr) == (141, b""), name


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - RUN_FOR_EVER - OFFLINE))
def test_servers_that_are_away(warm: Warm, name: str) -> None:
    done = warm.run(arguments_of(name), Surroundings(environ=AWAY))
    assert_decent(done, name, {1})
    said = done.stderr.decode()
    assert any(word in said for word in ("TONGHOP_", "no-such-")), said
    assert " / " not in said


@pytest.mark.parametrize(
    ("surroundings", "each"),
    [
        ("nothing set", 1),
        *(("all closed", 3), ("folder gone", 3)),
        *(pytest.param(name, 1, marks=pytest.mark.long) for name in ("all closed", "folder gone")),
    ],
)
def test_settings_that_cannot_be_used(warm: Warm, surroundings: str, each: int) -> None:
    within = SURROUNDINGS[surroundings]
    for name in [name for name in COMMANDS if name != COPYING][::each]:
        environ = {**WRONG, **within.environ}
        done = warm.run(wrong_ones(name), Surroundings(**{**within.__dict__, "environ": environ}))
        assert_decent(done, name, {1, 2})
        assert b" / " not in done.stderr


@pytest.mark.parametrize("kind", OTHERS)
def test_a_server_that_is_not_tonghop(warm: Warm, kind: Kind) -> None:
    with answering(kind) as (address, _):
        asked = {name: arguments_of(name) for name in (ASKING if kind == "empty" else A_FEW)}
        others = {" ".join(given): list(given) for given in BY_ANOTHER_WAY} if kind == "empty" else {}
        for name, given in (asked | others).items():
            done = warm.run(given, Surroundings(environ=AWAY | {"TONGHOP_API_URL": address}))
            said = done.stderr.decode()
            assert_decent(done, (kind, name), {0, 1})
            assert b"\x1b" not in done.stderr + done.stdout
            if done.code:
                assert "TONGHOP_API_URL" in said, (kind, name, said)
            else:
                assert (kind, name) == ("empty", "status")


@pytest.mark.parametrize(("number", "code", "word"), [(signal.SIGINT, 130, "Ctrl-C"), (signal.SIGTERM, 143, "SIGTERM")])
def test_a_signal_ends_a_command_with_a_word(warm: Warm, number: signal.Signals, code: int, word: str) -> None:
    with answering("silent") as (address, asked):
        within = Surroundings(environ=AWAY | {"TONGHOP_API_URL": address})
        done = warm.interrupted(["status"], within, number, lambda: asked.wait(20))
    assert_decent(done, number, {code})
    assert word in done.stderr.decode()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_waits_for_servers_can_be_stopped(warm: Warm, number: signal.Signals, tmp_path: Path) -> None:
    said = tmp_path / "said"
    os.mkfifo(said)
    waiting = threading.Event()

    def listen() -> None:
        with said.open("rb") as heard:
            heard.read(1)
            waiting.set()
            while heard.read(4096):
                pass

    listener = threading.Thread(target=listen)
    listener.start()
    within = Surroundings(environ=AWAY, stderr=str(said), stdout=str(said))
    done = warm.interrupted(["migrate"], within, number, lambda: waiting.wait(20))
    listener.join(20)
    assert done.code == (130 if number is signal.SIGINT else 143)


def test_usage_is_explained_in_one_language(warm: Warm) -> None:
    for given, vietnamese, english in (
        (["report"], "Thiếu ĐƠN_VỊ", "Missing argument"),
        (["rapport"], "Không có lệnh 'rapport'", "No such command 'rapport'"),
        (["report", "x", "--format", "xml"], "hãy chọn 'table', 'json', 'csv'", "is not one of 'table', 'json', 'csv'"),
        (["report", "x", "--from", "31/02/2023"], "hãy viết 28/11/2023 hoặc 2023-11-28", None),
        (["tree", "x", "--depth", "0"], "phải từ 1 trở lên", "greater than or equal to 1"),
    ):
        said = warm.run(given, Surroundings())
        assert (said.code, said.stdout) == (2, b"")
        assert vietnamese in said.stderr.decode()
        assert " / " not in said.stderr.decode()
        other = warm.run(given, Surroundings(environ={"TONGHOP_LANG": "en"}))
        assert other.code == 2
        assert english is None or english in other.stderr.decode()


def test_a_traceback_is_to_be_had(warm: Warm) -> None:
    done = warm.run(["status"], Surroundings(environ=AWAY | {"TONGHOP_DEBUG": "1"}))
    assert b"Traceback" in done.stderr
    assert b"TONGHOP_API_URL" in done.stderr


# In processes of their own: what the interpreter itself makes of its surroundings.

TONGHOP = (sys.executable, "-m", "services.cli")


@pytest.mark.parametrize(
    ("redirected", "code"),
    [
        ("status >&-", 0),
        ("status <&- >&- 2>&-", 0),
        ("events x >/dev/full", 1),
        ("report 2>/dev/full", 2),
        ("report x --by child | head -c 1 >/dev/null; exit ${PIPESTATUS[0]}", None),
    ],
)
def test_as_a_shell_redirects(examples: dict[str, str], redirected: str, code: int | None) -> None:
    environ = {"PATH": os.environ["PATH"], "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", **examples}
    done = subprocess.run(
        ["/bin/bash", "-c", f"{' '.join(TONGHOP)} {redirected}"],
        env=environ,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert_decent(Done(done.returncode, done.stdout, done.stderr), redirected, {0, 141} if code is None else {code})
    assert done.stderr.isascii()


# On a terminal (point 21).


@contextmanager
def answering_with(answer: dict[str, Any]) -> Iterator[dict[str, str]]:
    """Give the environment of a command whose API answers so to everything."""
    with answering("fixed", answer) as (address, _):
        yield AWAY | {"TONGHOP_API_URL": address}


def on_a_terminal(warm: Warm, arguments: list[str], columns: int, environ: dict[str, str]) -> str:
    """Run a command on a terminal of so many columns and give what it shows, without colours."""
    master, slave = pty.openpty()
    shown: list[bytes] = []

    def read() -> None:
        try:
            while piece := os.read(master, 65536):
                shown.append(piece)
        except OSError:
            pass

    reader = threading.Thread(target=read)
    reader.start()
    within = Surroundings(environ={**environ, "COLUMNS": str(columns), "TERM": "xterm"}, stdout=os.ttyname(slave))
    done = warm.run(arguments, within)
    os.close(slave)
    reader.join(10)
    os.close(master)
    assert_decent(done, arguments, {0})
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", b"".join(shown).decode()).replace("\r\n", "\n")


SIX = "admissions,confirmations,badges,departures,transfers_in,transfers_out"


@pytest.mark.parametrize("columns", [20, 30, 60, 80, 100, 500])
def test_every_unit_and_figure_is_shown_at_any_width(warm: Warm, columns: int) -> None:
    values = dict.fromkeys(SIX.split(","), 1234567)
    units = [{"id": f"xa-{'rat-' * n}dai", "name": f"Đảng bộ xã số {n}", "level": "grassroots"} for n in range(8)]
    with answering_with(report_of(units, values)) as environ:
        shown = on_a_terminal(warm, ["report", "gia-binh", "--measures", SIX], columns, environ)
        piped = warm.run(["report", "gia-binh", "--measures", SIX], Surroundings(environ=environ)).stdout.decode()
    assert max(map(len, shown.splitlines())) <= max(columns, 20)
    for unit in units:
        assert unit["id"] in shown.replace("\n", ""), shown
        assert any(unit["name"] in line and unit["id"] in line for line in piped.splitlines())
    assert shown.count("1.234.567") == 6 * 9
    assert piped.count("1.234.567") == 6 * 9
    if columns >= 60:  # ids are whole lines' parts, so they can be copied
        assert all(any(unit["id"] in line.split() for line in shown.splitlines()) for unit in units), shown


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_ids_of_events_can_be_copied(warm: Warm, columns: int) -> None:
    long = "x" * 30
    event = {
        "day": "2023-05-01",
        "unit": f"xa-{long}",
        "measure": "introductions",
        "type": "candidate.introduced",
        "publisher": f"huyen-{long}",
        "id": f"2023.{long}",
        "position": 123456,
    }
    with answering_with({"events": [event] * 3, "next": "CURSOR" * 30}) as environ:
        shown = on_a_terminal(warm, ["events", "gia-binh"], columns, environ)
        piped = warm.run(["events", "gia-binh"], Surroundings(environ=environ)).stdout.decode()
    for text in (event["unit"], event["publisher"], event["id"]):
        assert sum(str(text) in line for line in shown.splitlines()) == 3, shown
        assert sum(str(text) in line for line in piped.splitlines()) == 3
    assert "CURSOR" * 30 in shown
    assert "CURSOR" * 30 in piped
