"""The command `tonghop`, put together; what a command does is imported only when it is run, so that help is quick."""

import sys
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from typing import Annotated

import typer

from services.cli.commands import (
    accounts,
    audit,
    corrections,
    credentials,
    findings,
    forwarding,
    grants,
    init,
    operations,
    packing,
    past,
    plans,
    proofs,
    publish,
    recovery,
    reports,
    service,
    sheets,
    signing,
    silence,
    single_events,
    statement,
    tokens,
    units,
    word_templates,
)
from services.cli.running import run
from services.cli.usage import Commands
from services.language import either

app = Commands(
    name="tonghop",
    help=either(
        "Tổng hợp số liệu phát triển đảng viên qua các cấp.", "Consolidated figures of a hierarchy, at every level."
    ),
    epilog=either(
        "Ngôn ngữ theo LANG, hoặc TONGHOP_LANG=vi|en. Lỗi ngoài dự kiến: TONGHOP_DEBUG=1 cho xem chi tiết.",
        "The language is that of LANG, or TONGHOP_LANG=vi|en. TONGHOP_DEBUG=1 shows where an error comes from.",
    ),
    no_args_is_help=True,
)


def main() -> None:
    """Run `tonghop`; ends the process.

    0 done, 1 it can't be done, 2 it was asked for wrongly, 3 something differs, 130 interrupted, 141 nobody reads.
    """
    sys.exit(run(app, sys.argv[1:]))


def _version(asked: bool) -> None:
    if asked:
        try:
            typer.echo(f"tonghop {installed_version('tonghop')}")
        except PackageNotFoundError:
            typer.echo(either("tonghop, chưa cài đặt", "tonghop, not installed"))
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help=either("Phiên bản.", "Show the version.")),
    ] = False,
) -> None:
    """Take the options that belong to no command."""


for part in (
    *(service, publish, reports, units, init, single_events, past, operations, plans, silence, proofs, recovery),
    *(signing, statement, credentials, accounts, tokens, grants, corrections, audit, sheets),
    *(forwarding, packing, findings, word_templates),
):
    app.add_typer(part.app)
