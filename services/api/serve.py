"""The API as a process: uvicorn on the address of the settings, its connections bounded."""

from __future__ import annotations

import asyncio
import resource
import signal
import socket
import sys
from collections.abc import Callable
from typing import Final

import uvicorn
from fastapi import FastAPI

from projections.bilingual import Bilingual
from services.api.apart import Processes
from services.api.app import create_app
from services.api.clients import Clients
from services.api.connections import Connection, Connections
from services.api.news import MOST_PAGES, OpenPages
from services.api.office_templates import try_templates
from services.api.pools import SLOW
from services.connecting.loopback import refuse_others_of_machine
from services.connecting.tls import https
from services.garbage_collection import spare_what_is_loaded
from services.settings import OPEN, Address, Settings, SettingsError

MOST_CONNECTIONS: Final = 2_000
"""Open at once; less where the system allows fewer files."""
KEPT_FREE: Final = 128
"""Files for everything else: the database, the bus, answers under way."""
KEEP_ALIVE: Final = 15
"""Seconds for which a connection that asks nothing is kept: less than a reverse proxy's own (60 as a rule) is no harm,
as it opens another."""
BACKLOG: Final = 1_024


def serve(settings: Settings, pages: Callable[[FastAPI], None] | None = None) -> None:
    """Serve until SIGINT or SIGTERM, then finish the requests that run. A port that is taken ends the process.

    ``pages`` are those that stand beside the answers, as `create_app` takes them.

    Raises SettingsError where everybody would be answered on an address that others than this machine reach.
    """
    if settings.access == OPEN:
        try:
            refuse_others_of_machine({"TONGHOP_HTTP": settings.http})
        except ValueError as error:
            raise SettingsError(*error.args) from error
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn raises it again when it has stopped: as asked
    clients = Clients(settings.trusted_proxies)
    most, ending = _most_connections(), asyncio.Event()
    app = create_app(
        settings,
        apart=Processes(settings, SLOW),
        metrics=_bound(settings.metrics_http),
        pages=pages,
        open_pages=OpenPages(min(MOST_PAGES, most // 2), ending),
    )
    if settings.templates is not None:
        try_templates(app.state.templates)
    spare_what_is_loaded()
    uvicorn.run(
        app,
        host=settings.http.host,
        port=settings.http.port,
        loop="auto",  # uvloop where there is one
        http=Connection.of(Connections(clients, most, ending)),
        ws="none",
        access_log=False,
        log_config=None,  # services/logs.py has configured it
        server_header=False,
        proxy_headers=False,  # who asks is told by `services.api.clients`, which believes nobody unasked
        timeout_keep_alive=KEEP_ALIVE,
        backlog=BACKLOG,
        timeout_graceful_shutdown=10,
        **https(settings),
    )


def _bound(address: Address) -> socket.socket:
    """Bind a socket; an address that is taken ends the process, as that of the API does."""
    try:
        return socket.create_server(
            address, family=socket.AF_INET6 if ":" in address.host else socket.AF_INET, reuse_port=False
        )
    except OSError as error:
        raise SettingsError(
            Bilingual(
                "không nghe được ở địa chỉ này; hãy chọn cổng khác",
                "can't be listened on: choose another port",
                before=f"TONGHOP_METRICS_HTTP {address}: ",
                after=f" ({error.strerror or error})",
            )
        ) from error


def _most_connections() -> int:
    """Take as many files as the system gives without asking, and leave some for everything else."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + KEPT_FREE
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else max(min(MOST_CONNECTIONS, soft - KEPT_FREE), 16)
