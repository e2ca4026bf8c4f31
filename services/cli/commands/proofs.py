"""The commands of `tonghop` by which an operator proves the figures and makes them anew."""
# ruff: noqa: PLC0415

import asyncio
from typing import Annotated

import typer

from services.cli.asking import failures
from services.cli.options import DATA, DataDir, settings
from services.cli.usage import Commands
from services.language import either

app = Commands()


@app.says(
    "Dựng lại mọi số liệu từ sổ cái bên cạnh bản đang dùng, so sánh, rồi chuyển.\n\n"
    "Mã thoát 1 khi không làm được, 3 khi có khác biệt.",
    "Make all figures anew from the log beside the live ones, compare, and switch.\n\n"
    "Exit code 1 when it can't be done, 3 when something differs.",
)
def rebuild(
    *,
    no_switch: Annotated[
        bool, typer.Option("--no-switch", help=either("Chỉ dựng và so sánh.", "Build and compare only."))
    ] = False,
    accept: Annotated[
        bool,
        typer.Option("--accept", help=either("Dùng bản mới dù có khác biệt.", "Put it in use although it differs.")),
    ] = False,
    back: Annotated[
        bool, typer.Option("--back", help=either("Quay về bản trước.", "Go back to the generation before."))
    ] = False,
    to: Annotated[
        int | None,
        typer.Option(
            min=1, help=either("Chỉ quay về đúng bản số này, chạy lại được.", "With --back: to this generation only.")
        ),
    ] = None,
    throttle: Annotated[
        float | None, typer.Option(min=1, help=either("Số sự kiện mỗi giây, nhiều nhất.", "Events a second at most."))
    ] = None,
    data_dir: DataDir = DATA,
) -> None:
    """Rebuild."""
    from projections.rules.log.message import GapError
    from projections.store.rebuilding.chunks import RebuildError
    from services.cli.client import servers
    from services.cli.views import proofs
    from services.garbage_collection import collect_rarely
    from services.verification.rebuilding import go_back
    from services.verification.rebuilding import rebuild as run

    collect_rarely()
    if back and (no_switch or accept or throttle is not None):
        raise typer.BadParameter(either("--back đi một mình, hoặc với --to", "--back goes alone, or with --to"))
    if to is not None and not back:
        raise typer.BadParameter(either("--to phải đi với --back", "--to goes with --back"))
    with failures(RebuildError, GapError), proofs.phases() as progress:
        if back:
            done = asyncio.run(go_back(settings(servers(data_dir)), progress, to=to))
        else:
            done = asyncio.run(
                run(settings(servers(data_dir)), progress, throttle=throttle, put_in_force=not no_switch, accept=accept)
            )
    if done is None:
        proofs.show_there_already(to)
        return
    proofs.show_rebuilt(done)
    raise typer.Exit(3 if done.comparison and done.switched is None else 0)


@app.says(
    "Tính lại mọi số liệu từ sổ cái và đối chiếu từng số.\n\n"
    "Với --chain: sổ cái có bị ai sửa tay không, theo chuỗi băm.\n\n"
    "Mã thoát 1 khi không làm được, 3 khi có khác biệt.",
    "Count everything anew from the log and compare every figure.\n\n"
    "With --chain: whether the ledger was changed by hand.\n\n"
    "Exit code 1 when it can't be done, 3 when something differs.",
)
def verify(
    *,
    from_log: Annotated[
        bool,
        typer.Option(
            "--from-log",
            help=either("Đối chiếu sổ cái với luồng từng byte.", "Compare the ledger with the stream too."),
        ),
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help=either("Sửa chỗ sai và ghi lại.", "Repair what is wrong."))
    ] = False,
    repairs: Annotated[
        bool, typer.Option("--repairs", help=either("Các lần sửa trước đây.", "What was repaired."))
    ] = False,
    chain: Annotated[
        bool, typer.Option("--chain", help=either("Chỉ tính lại chuỗi băm.", "Check the hash chain only."))
    ] = False,
    from_: Annotated[
        int | None,
        typer.Option(
            "--from",
            min=1,
            help=either("Chuỗi băm từ vị trí này; phần trước coi như đúng.", "With --chain: begin at this position."),
        ),
    ] = None,
    data_dir: DataDir = DATA,
) -> None:
    """Verify."""
    from projections.rules.log.message import GapError
    from projections.store.rebuilding.chunks import RebuildError
    from services.cli.client import servers
    from services.cli.commands.hash_chain import verify_chain
    from services.cli.views import proofs
    from services.garbage_collection import collect_rarely
    from services.verification.verifying import latest_repairs
    from services.verification.verifying import verify as run

    if from_ is not None and not chain:
        raise typer.BadParameter(either("--from phải đi với --chain", "--from goes with --chain"))
    if chain and (from_log or repair or repairs):
        raise typer.BadParameter(either("--chain đi một mình, hoặc với --from", "--chain goes alone, or with --from"))
    if chain:
        typer.echo(verify_chain(settings(servers(data_dir)), from_ or 1))
        raise typer.Exit
    collect_rarely()
    with failures(RebuildError, GapError):
        if repairs:
            proofs.show_repairs(asyncio.run(latest_repairs(settings(servers(data_dir)), proofs.SHOWN)))
            raise typer.Exit
        with proofs.phases() as progress:
            done = asyncio.run(run(settings(servers(data_dir)), progress, repair=repair, from_log=from_log))
    proofs.show_verified(done)
    raise typer.Exit(3 if done.unlike or (done.comparison and done.repaired is None) else 0)
