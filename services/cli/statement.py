"""The command of `tonghop` that writes the sentence for a report."""
# ruff: noqa: PLC0415

from enum import StrEnum
from typing import Annotated

import typer

from services.cli.asking import failures
from services.cli.options import DATA, Api, Basis, BasisOption, DataDir, From, To

app = typer.Typer()


class Form(StrEnum):
    """How a statement is written."""

    TEXT = "text"
    JSON = "json"


@app.command()
def statement(
    unit: str,
    *,
    from_: From = None,
    to: To = None,
    basis: BasisOption = Basis.AS_WAS,
    say: Annotated[
        str | None,
        typer.Option(help="MEASURE, MEASURE:target, MEASURE:goal, số khai báo, tỷ lệ; cách nhau dấu phẩy. / Clauses."),
    ] = None,
    claim: Annotated[
        str | None, typer.Option(help="RATE:PERCENT, tỷ lệ cần đối chiếu. / A percentage to be checked.")
    ] = None,
    format_: Annotated[Form, typer.Option("--format", help="Cách trình bày. / How it is written.")] = Form.TEXT,
    api: Api = None,
    data_dir: DataDir = DATA,
) -> None:
    """Câu báo cáo để dán vào văn bản; số liệu không nói thì từ chối. / The sentence for a report, or a refusal."""
    with failures():
        from services.cli.client import api_address, get

        asked = {"from_": from_, "to": to, "basis": basis, "say": say, "claim": claim}
        text, answer = get(api_address(api, data_dir), "v1", "units", unit, "statement", **asked)
        if format_ is Form.JSON:
            typer.echo(text)
        else:  # on one line, whatever the terminal's width: it is to be pasted
            typer.echo(f"{answer['text']}\n")
            typer.secho(answer["footing"], dim=True)
