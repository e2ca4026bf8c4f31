"""The API put together: the pool, what listens, the routes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi_standalone_docs import StandaloneDocs

from projections.answers.privacy.breakdown_rules import Thresholds
from services.api import (
    access,
    documentation,
    pools,
    problems,
    routes_accounts,
    routes_audit,
    routes_events,
    routes_findings,
    routes_forms,
    routes_grants,
    routes_imports,
    routes_news,
    routes_operations,
    routes_plans,
    routes_sending,
    routes_sign_in,
    routes_silence,
    routes_statement,
    routes_structure,
    routes_tokens,
    routes_units,
)
from services.api.access import AccountsOfApp, asker_of_request
from services.api.answering import Reader
from services.api.apart import Apart, Here
from services.api.clients import Clients
from services.api.exposing import exposed
from services.api.gate import Admission, Gate, anybody
from services.api.guard import Guard, Hosts
from services.api.importing import Imports, ReadSheet
from services.api.lag import Lags
from services.api.log_end import LogEnd
from services.api.metrics import Measured
from services.api.news import News, OpenPages
from services.api.office_templates import templates_of
from services.api.primary import Primary
from services.api.remembering import Remembering, several_servers
from services.api.sendings import Sendings
from services.api.tracing import Traced
from services.api.waiting import Positions
from services.needs import declared
from services.official_forms.reading import official_forms
from services.publishing.gateway import Gateway
from services.settings import OPEN, Settings
from services.sheets.apart import read_apart


def create_app(
    settings: Settings,
    apart: Apart | None = None,
    *,
    admit: Admission | None = None,
    metrics: socket.socket | None = None,
    read_sheet: ReadSheet = read_apart,
    pages: Callable[[FastAPI], None] | None = None,
    open_pages: OpenPages | None = None,
) -> FastAPI:
    """Make the app; it connects when it starts, and starts whether its servers are there or not.

    Slow questions are answered where `apart` says, which is closed with the app; by default in this process. `admit`
    finds out who asks, by default as the settings say. ``metrics`` is bound to where these are answered; without it
    they aren't. ``read_sheet`` reads a stranger's file, by default in a process of its own. ``pages`` adds routes that
    ask the app itself for what they show. ``open_pages`` are told what is new; they end when the app does, or when the
    server says so.

    Raises UndeclaredNeedError where a route does not say what it needs, SettingsError where a form or a template that
    the settings name can't be used.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with (
            pools.quick(settings) as quick,
            pools.service(settings) as service,
            pools.slow(settings) as slow,
            pools.askers(settings) as askers,
            pools.writing(settings) as writing,
            pools.holding(settings) as holding,
            pools.news(settings) as news,
            pools.primary(settings) as primary,
            pools.slow_primary(settings) as slow_primary,
        ):
            positions = Positions(settings.database_url, service)
            log_end = LogEnd(settings, positions.tell)
            lags = Lags(service, log_end, settings.behind_after, lambda: positions.tells)
            elsewhere = apart or Here(slow, slow_primary)
            app.state.clients = Clients(settings.trusted_proxies)
            app.state.access = AccountsOfApp(settings, askers, writing)
            app.state.thresholds = Thresholds(settings.smallest_cell, settings.smallest_table)
            app.state.reader = Reader(
                *(quick, service, Primary(primary), elsewhere),
                writing=writing,
                positions=positions,
                log_end=log_end,
                lags=lags,
            )
            app.state.gateway = gateway = Gateway(settings)
            app.state.sendings = Sendings(gateway, settings.root)
            app.state.imports = imports = Imports(settings, holding, read_sheet)
            app.state.open_pages = pages = open_pages or OpenPages()
            gateway.open()
            log_end.open()
            exposing = exposed(settings, app.state.reader, metrics)
            running = [
                asyncio.create_task(positions.listen()),
                asyncio.create_task(lags.run()),
                asyncio.create_task(app.state.access.uses.run()),
                asyncio.create_task(imports.keep_swept(writing)),
                asyncio.create_task(News(pages, news, askers, positions, lags).run()),
            ]
            try:
                async with exposing:
                    yield
            finally:
                for task in running:
                    task.cancel()
                await asyncio.gather(*running, return_exceptions=True)
                await elsewhere.close()
                await app.state.sendings.close()
                await app.state.access.close()
                await log_end.close()
                await gateway.close()

    app = FastAPI(
        title="tonghop",
        version=version("tonghop"),
        summary="Số liệu tổng hợp của mọi đơn vị, mọi cấp, mọi kỳ",
        description="Answers are JSON; errors are `application/problem+json` (RFC 9457) and name the parameter.",
        lifespan=lifespan,
        redirect_slashes=False,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        # Its own spans, metrics and logs would have what is asked, members' references among it, and errors' words.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.templates = templates_of(settings)
    app.state.official_forms = official_forms(settings.forms)
    if several_servers(settings.database_url):  # of one server no answer is behind another
        app.add_middleware(Remembering)
    app.add_middleware(Guard, hosts=Hosts(settings.http, settings.hosts))
    app.add_middleware(Measured)
    app.add_middleware(Traced)  # what is added last sees a request first
    problems.mount(app)
    access.mount(app)
    for routes in (
        routes_units,
        routes_structure,
        routes_plans,
        routes_news,
        routes_silence,
        routes_findings,
        routes_forms,
        routes_statement,
        routes_events,
        routes_sending,
        routes_imports,
        routes_operations,
        routes_tokens,
        routes_accounts,
        routes_audit,
        routes_grants,
        routes_sign_in,
    ):
        # As they are: `include_router` would make each anew for this app, and again for every request.
        app.router.routes.extend(routes.router.routes)
    if pages is not None:
        pages(app)
    documentation.mount(app)
    StandaloneDocs(app)  # /docs without a network
    # Within what answers errors, around all routes: what it raises is answered like what they raise.
    app.router.middleware_stack = Gate(app.router.middleware_stack, declared(app), admit or _admission(settings))
    return app


def _admission(settings: Settings) -> Admission:
    return anybody if settings.access == OPEN else asker_of_request
