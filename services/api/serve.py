"""The API as a process: uvicorn on the address of the settings."""

from __future__ import annotations

import uvicorn

from services.api.app import create_app
from services.connecting.tls import https
from services.settings import Settings


def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM, then finish the requests that run. A port that is taken ends the process."""
    uvicorn.run(
        create_app(settings),
        host=settings.http.host,
        port=settings.http.port,
        loop="auto",  # uvloop where there is one
        http="httptools",
        ws="none",
        access_log=False,
        log_config=None,  # services/logs.py has configured it
        server_header=False,
        timeout_graceful_shutdown=10,
        **https(settings),
    )
