"""The commands of `tonghop` by which an operator proves the figures and makes them anew."""
# ruff: noqa: PLC0415

import asyncio
from typing import Annotated

import typer

from services.cli.asking import failures
from services.cli.options import DATA, DataDir, settings

app = typer.Typer()


@app.command()
def rebuild(
    *,
    no_switch: Annotated[
        bool, typer.Option("--no-switch", help="Chỉ dựng và so sánh. / Build and compare only.")
    ] = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="Dùng bản mới dù có khác biệt. / Put it in force although it differs.")
    ] = False,
    back: Annotated[bool, typer.Option("--back", help="Quay về bản trước. / Go back to the one before.")] = False,
    to: Annotated[
        int | None,
        typer.Option(min=1, help="Chỉ quay về đúng bản số này, chạy lại được. / With --back: to no other one."),
    ] = None,
    throttle: Annotated[
        float | None, typer.Option(min=1, help="Số sự kiện mỗi giây, nhiều nhất. / Events a second at most.")
    ] = None,
    data_dir: DataDir = DATA,
) -> None:
    """Dựng lại mọi số liệu từ nhật ký bên cạnh bản đang dùng, so sánh, rồi chuyển. / Rebuild beside the live one.

    Mã thoát 1 khi không làm được, 3 khi có khác biệt. / Exit code 1 when it can't be done, 3 when something differs.
    """
    from projections.store.rebuilding.chunks import RebuildError
    from services.cli import proving
    from services.cli.client import servers
    from services.collecting import collect_rarely
    from services.rebuilding import go_back
    from services.rebuilding import rebuild as run

    collect_rarely()
    if back and (no_switch or accept or throttle is not None):
        raise typer.BadParameter("--back goes alone, or with --to")
    if to is not None and not back:
        raise typer.BadParameter("--to goes with --back")
    with failures(RebuildError, *proving.SERVERS_AWAY), proving.progress_bar() as progress:
        if back:
            done = asyncio.run(go_back(settings(servers(data_dir)), progress, to=to))
        else:
            done = asyncio.run(
                run(settings(servers(data_dir)), progress, throttle=throttle, put_in_force=not no_switch, accept=accept)
            )
    if done is None:
        proving.show_there_already(to)
        return
    proving.show_rebuilt(done)
    raise typer.Exit(3 if done.comparison and done.switched is None else 0)


@app.command()
def verify(
    *,
    from_log: Annotated[
        bool, typer.Option("--from-log", help="Đối chiếu nhật ký với luồng từng byte. / Read the stream too.")
    ] = False,
    repair: Annotated[bool, typer.Option("--repair", help="Sửa chỗ sai và ghi lại. / Mend what is wrong.")] = False,
    repairs: Annotated[bool, typer.Option("--repairs", help="Các lần sửa trước đây. / What was mended.")] = False,
    chain: Annotated[bool, typer.Option("--chain", help="Chỉ tính lại chuỗi băm. / The hash chain alone.")] = False,
    from_: Annotated[
        int | None, typer.Option("--from", min=1, help="Chuỗi băm từ vị trí này; phần trước coi như đúng. / From here.")
    ] = None,
    data_dir: DataDir = DATA,
) -> None:
    """Tính lại mọi số liệu từ nhật ký và đối chiếu từng số. / Count everything anew and compare every figure.

    Với --chain: nhật ký có bị ai sửa tay không, theo chuỗi băm. / With --chain: whether the ledger was changed by hand.

    Mã thoát 1 khi không làm được, 3 khi có khác biệt. / Exit code 1 when it can't be done, 3 when something differs.
    """
    from projections.store.rebuilding.chunks import RebuildError
    from services.cli import proving
    from services.cli.chaining import verify_chain
    from services.cli.client import servers
    from services.collecting import collect_rarely
    from services.verifying import latest_repairs
    from services.verifying import verify as run

    if from_ is not None and not chain:
        raise typer.BadParameter("--from goes with --chain")
    if chain and (from_log or repair or repairs):
        raise typer.BadParameter("--chain goes alone, or with --from")
    if chain:
        with failures():
            typer.echo(verify_chain(settings(servers(data_dir)), from_ or 1))
        raise typer.Exit
    collect_rarely()
    with failures(RebuildError, *proving.SERVERS_AWAY):
        if repairs:
            proving.show_repairs(asyncio.run(latest_repairs(settings(servers(data_dir)), proving.SHOWN)))
            raise typer.Exit
        with proving.progress_bar() as progress:
            done = asyncio.run(run(settings(servers(data_dir)), progress, repair=repair, from_log=from_log))
    proving.show_verified(done)
    raise typer.Exit(3 if done.unlike or (done.comparison and done.mended is None) else 0)
