"""What every process writes to its log: JSON, one line an entry, or lines for people where it runs on a terminal.

Entries go to standard error. They hold no event: a server's words about a row (PostgreSQL's DETAIL) are left out, and
tracebacks show code, never values.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from types import TracebackType
from typing import Any, Final, TextIO

import structlog
from structlog.typing import Processor

from projections.bilingual import Bilingual
from services.error_line import said
from services.language import chosen

_QUIET: Final = {
    "alembic": logging.WARNING,
    "uvicorn": logging.WARNING,
    "asyncio": logging.WARNING,
    "httpx": logging.WARNING,
}
"""Of others, from which level on: what they say of themselves when all is well is no news."""
_UVICORN: Final = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")
_FIRST: Final = ("timestamp", "level", "logger", "event", "position", "trace")


def configure(level: str = "info", form: str = "auto", stream: TextIO | None = None) -> None:
    """Send what this process logs to ``stream`` (standard error), through structlog or the standard library's logging.

    ``form`` is `json`, `console`, or `auto`: console on a terminal, JSON elsewhere. To be called once, before work.
    """
    stream = sys.stderr if stream is None else stream
    as_json = form == "json" or (form == "auto" and not stream.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _told_exception,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    rendering: Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    if not as_json:
        plain = structlog.dev.plain_traceback
        rendering = structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=plain)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _in_both if as_json else _in_one,
                _in_order,
                rendering,
            ],
        )
    )
    gather()
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in _UVICORN:  # it may have been set up by itself before, past this
        other = logging.getLogger(name)
        other.disabled = False
        other.setLevel(logging.NOTSET)
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(max(least, root.level))
    logging.captureWarnings(capture=True)
    sys.excepthook = _last_words


def gather() -> None:
    """Take from libraries the handlers that they gave their own loggers (FastStream does when it is imported)."""
    for logger in list(logging.root.manager.loggerDict.values()):
        if isinstance(logger, logging.Logger):
            logger.handlers.clear()
            logger.propagate = True


def told(error: BaseException) -> str:
    """Tell an error with where it came from and what caused it, the first cause first, as one text without values."""
    return "\n".join(_lines(error, set()))


def _lines(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in seen:
        yield from _lines(before, seen)
        yield ""
    yield "Traceback (most recent call last):"
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"  {frame.filename}:{frame.lineno} in {frame.name}: {frame.line}"
    yield said(error)
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield ""
            yield from _lines(each, seen)


def _told_exception(_: Any, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    found = entry.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()
    error = found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        entry["exception"] = told(error)
    record = entry.get("_record")
    if record is not None:  # of the standard library: its own rendering would come after ours
        record.exc_info, record.exc_text = None, None
    return entry


def _in_both(_: Any, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {name: str(value) if isinstance(value, Bilingual) else value for name, value in entry.items()}


def _in_one(_: Any, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {name: chosen(value) if isinstance(value, Bilingual) else value for name, value in entry.items()}


def _in_order(_: Any, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    first = {name: entry.pop(name) for name in _FIRST if name in entry}
    return {**first, **entry}


def _last_words(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    structlog.get_logger("tonghop").critical("ended by an error", exc_info=error)
