"""The log of a process: JSON lines for machines, lines for people on a terminal, and no values of events in either."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import asyncpg
import faststream
import pytest
import structlog

from services import logs
from services.settings import Settings, SettingsError

MEMBER = "2023-014"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, hook = root.handlers[:], root.level, sys.excepthook
    yield
    logging.captureWarnings(capture=False)
    root.handlers, sys.excepthook = handlers, hook
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def entries(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def refused() -> Exception:
    """Make what PostgreSQL says where it refuses a row."""
    return asyncpg.PostgresError.new(
        {"C": "23514", "M": "new row violates check", "D": "Failing row contains (2023-014)."}
    )


def refuse(member: str) -> None:
    assert member
    raise refused()


def fail() -> None:
    try:
        refuse(MEMBER)
    except asyncpg.PostgresError as error:
        raise RuntimeError("not written") from error


def test_json_lines_with_position_and_trace() -> None:
    written = io.StringIO()
    logs.configure(stream=written)
    structlog.contextvars.bind_contextvars(position=7, trace="ab12")
    structlog.get_logger("tonghop.projector").info("paused", detail="Tạm dừng")
    logging.getLogger("uvicorn.error").warning("port %d", 80)
    first, second = entries(written)
    assert first.pop("timestamp")
    said = {"event": "paused", "level": "info", "logger": "tonghop.projector", "detail": "Tạm dừng"}
    assert first == said | {"position": 7, "trace": "ab12"}
    assert (second["event"], second["logger"], second["trace"]) == ("port 80", "uvicorn.error", "ab12")
    assert "Tạm dừng" in written.getvalue()


@pytest.mark.parametrize("own", [True, False])
def test_a_traceback_is_one_line_without_values(own: bool) -> None:
    written = io.StringIO()
    logs.configure(stream=written)
    try:
        fail()
    except RuntimeError as error:
        if own:
            structlog.get_logger("tonghop").error("failed", exc_info=error)
        else:
            logging.getLogger(faststream.__name__).exception("failed")  # it has a handler of its own
    (entry,) = entries(written)
    assert entry["exception"].count("Traceback") == 2
    assert "test_logs.py" in entry["exception"]
    assert entry["exception"].endswith("RuntimeError: not written")
    assert "CheckViolationError: new row violates check" in entry["exception"]
    assert "Failing row" not in written.getvalue()
    assert MEMBER not in written.getvalue()


def test_what_ends_the_process_is_logged_too() -> None:
    written = io.StringIO()
    logs.configure(stream=written)
    try:
        fail()
    except RuntimeError as error:
        sys.excepthook(RuntimeError, error, error.__traceback__)
    assert [entry["level"] for entry in entries(written)] == ["critical"]


def test_a_terminal_gets_lines_for_people() -> None:
    written = Terminal()
    logs.configure(stream=written)
    structlog.get_logger("tonghop").warning("waiting", part="bus")
    assert "waiting" in written.getvalue()
    assert not written.getvalue().startswith("{")
    logs.configure(form="json", stream=written)
    structlog.get_logger("tonghop").warning("waiting")
    assert json.loads(written.getvalue().splitlines()[-1])["event"] == "waiting"


def test_the_level_holds_for_all() -> None:
    written = io.StringIO()
    logs.configure("warning", "console", written)
    structlog.get_logger("tonghop").info("no")
    logging.getLogger("nats.aio.client").info("no")
    logging.getLogger("nats.aio.client").error("yes")
    assert written.getvalue().count("\n") == 1


def test_the_settings_are_checked() -> None:
    found = Settings.from_environment({"TONGHOP_LOG_LEVEL": "DEBUG", "TONGHOP_LOG_FORMAT": "json"})
    assert (found.log_level, found.log_format) == ("debug", "json")
    with pytest.raises(SettingsError, match="TONGHOP_LOG_FORMAT"):
        Settings.from_environment({"TONGHOP_LOG_FORMAT": "xml"})
