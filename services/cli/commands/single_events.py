"""The commands of `tonghop` about single events: those under a number, what became of one, what waits."""
# ruff: noqa: PLC0415

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.asking import ask, show
from services.cli.errors import CommandError
from services.cli.options import (
    DATA,
    AnswerFormat,
    AnyLimit,
    Api,
    Basis,
    BasisOption,
    Cursor,
    DataDir,
    DialectOption,
    FormatOption,
    From,
    Limit,
    Measure,
    OutOption,
    Plain,
    PlainOption,
    To,
    Unit,
)
from services.cli.usage import Commands
from services.language import either

if TYPE_CHECKING:
    from rich.console import RenderableType

app = Commands()


@app.says("Các sự kiện dưới một con số.", "The events under a number.")
def events(
    unit: Unit,
    *,
    measure: Measure = None,
    from_: From = None,
    to: To = None,
    basis: BasisOption = Basis.AS_WAS,
    member: Annotated[
        str | None,
        typer.Option(
            help=either(
                "Chỉ sự kiện của người có mã này trong sổ của đơn vị.",
                "Only events about whom the unit's own book keeps under this reference.",
            )
        ),
    ] = None,
    limit: AnyLimit = None,
    cursor: Cursor = None,
    format_: FormatOption = AnswerFormat.TABLE,
    dialect: DialectOption = None,
    out: OutOption = None,
    api: Api = None,
    data_dir: DataDir = DATA,
) -> None:
    """List the events that a number counts."""
    from services.cli.views import single_events

    path = ("v1", "units", unit, "events")
    show(
        *(api, data_dir, format_, single_events.events),
        *path,
        dialect=dialect,
        out=out,
        measure=measure,
        from_=from_,
        to=to,
        basis=basis,
        member=member,
        limit=limit,
        cursor=cursor,
    )


@app.says("Kết quả của một sự kiện, lý do, và nên làm gì.", "What became of an event, why, and what to do.")
def why(
    publisher: Annotated[
        str,
        typer.Argument(
            metavar=either("NGƯỜI_GỬI", "PUBLISHER"), help=either("Mã đơn vị đã gửi.", "The unit that sent it.")
        ),
    ],
    event_id: Annotated[str, typer.Argument(metavar="ID", help=either("Mã sự kiện.", "The event's id."))],
    format_: PlainOption = Plain.TABLE,
    api: Api = None,
    data_dir: DataDir = DATA,
) -> None:
    """Tell an event's verdict."""
    from services.cli.views import single_events

    def render(answer: dict[str, Any]) -> "RenderableType":
        return single_events.why(answer, _histories(api, data_dir, [answer]))

    show(api, data_dir, format_, render, "v1", "events", publisher, event_id)


@app.says(
    "Sự kiện nào đang chờ, chờ gì, và nên làm gì.", "Which events are parked, what they wait for, and what to do."
)
def parked(
    *,
    unit: Annotated[
        str | None,
        typer.Option(help=either("Chỉ của đơn vị này và cấp dưới.", "Of this unit and those below it only.")),
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
    format_: PlainOption = Plain.TABLE,
    api: Api = None,
    data_dir: DataDir = DATA,
) -> None:
    """List what is parked."""
    from services.cli.views import single_events

    def render(answer: dict[str, Any]) -> "RenderableType":
        return single_events.parked(answer, _histories(api, data_dir, answer["outcomes"]))

    show(api, data_dir, format_, render, "v1", "outcomes", outcome="parked", unit=unit, limit=limit, cursor=cursor)


def _histories(api: str | None, data_dir: Path, said: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Ask for the history of the units that advice is about; of one that can't be had the advice says less."""
    from services.cli.views.single_events import units_asked_for

    found = {}
    for unit in units_asked_for(said):
        try:
            _, (_, found[unit]) = ask(api, data_dir, "v1", "units", unit, "history")
        except CommandError:
            continue
    return found
