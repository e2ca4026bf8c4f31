"""`python -m deploy.cluster.loopback up|down|status|cut|mend`: a whole cluster on this machine, at a terminal."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

from deploy.cluster.loopback import cutting
from deploy.cluster.loopback.asking import Asking
from deploy.cluster.loopback.certificates import Certificates
from deploy.cluster.loopback.layout import ETCD, NATS, POSTGRES, Layout
from deploy.cluster.loopback.machine import Machine
from deploy.cluster.loopback.machines import Cluster
from deploy.cluster.loopback.tools import find
from projections.bilingual import Bilingual
from projections.store.schema.migrate import SchemaError
from services import logs
from services.connecting.patience import Backoff
from services.embedded.process import ServerError
from services.language import chosen, either
from services.migration import MigrationError
from services.settings import SettingsError

EXPECTED: Final = (ServerError, MigrationError, SchemaError, SettingsError)
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LOOK_EVERY: Final = 0.5
_LONG_LIFE: Final = 30.0
_ENDED_WITHIN: Final = 180.0
_STATES: Final = {
    "leading": Bilingual("đang ghi", "in force"),
    "standby": Bilingual("sẵn sàng thay", "ready to take over"),
}


def main() -> int:
    """Run the command; 0 done or stopped as asked, 1 it can't be done."""
    asked = _parser().parse_args()
    logs.configure("error", "console")
    try:
        if asked.command == "up":
            return asyncio.run(_until_told(asked))
        if asked.command == "down":
            return _down(asked.data_dir)
        if asked.command == "status":
            return _status(asked.data_dir)
        return _tell(asked)
    except EXPECTED as error:
        sys.stderr.write(f"{chosen(error)}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.cluster.loopback",
        description=either(
            "Cả một cụm trên máy này: 3 NATS, etcd, 3 PostgreSQL với Patroni, 2 bộ tổng hợp, 2 API.",
            "A whole cluster on this machine: 3 NATS, etcd, 3 PostgreSQL under Patroni, 2 projectors, 2 APIs.",
        ),
    )
    commands = parser.add_subparsers(dest="command", required=True)
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument(
        "--data-dir",
        type=Path,
        default=Path("data-cluster"),
        help=either("Thư mục của cụm.", "The folder of the cluster."),
    )
    up = commands.add_parser("up", parents=[where], help=either("Chạy, đến khi Ctrl-C.", "Run it until Ctrl-C."))
    up.add_argument("--etcd", type=int, choices=(1, 3), default=3, help=either("Số máy etcd.", "How many etcd."))
    up.add_argument(
        "--base-port",
        type=int,
        help=either("Cổng đầu tiên; mặc định hệ thống cho.", "The first port; by default any that are free."),
    )
    up.add_argument(
        "--no-synchronous",
        action="store_true",
        help=either("Không chờ máy dự phòng khi ghi.", "Let no commit wait for a standby (new folders only)."),
    )
    up.add_argument("--demo", action="store_true", help=either("Nạp số liệu minh họa.", "Load the demonstration."))
    commands.add_parser("down", parents=[where], help=either("Dừng.", "Stop it."))
    commands.add_parser("status", parents=[where], help=either("Ai đang dẫn.", "Who leads, and what is away."))
    for word, said in (
        ("cut", either("Cắt mạng một máy.", "Cut a machine off.")),
        ("mend", either("Nối lại.", "Join it.")),
    ):
        one = commands.add_parser(word, parents=[where], help=said)
        one.add_argument("machine")
    return parser


async def _until_told(asked: argparse.Namespace) -> int:
    running = asyncio.create_task(_up(asked))

    def stop() -> None:
        if not running.cancelling():  # a second Ctrl-C must not cut the orderly stop short
            running.cancel()

    for number in _SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stop)
    with suppress(asyncio.CancelledError):
        await running
    return 0


async def _up(asked: argparse.Namespace) -> None:
    find()  # said before anything is made
    begun = time.monotonic()
    cluster = Cluster(
        asked.data_dir,
        etcds=asked.etcd,
        base_port=asked.base_port,
        synchronous=not asked.no_synchronous,
        notice=_say,
    )
    with cluster.held():
        try:
            await cluster.open()
            _announce(cluster, time.monotonic() - begun)
            if asked.demo:
                await _demonstrate(cluster)
            await _keep(cluster)
        finally:
            _say(either("Đang dừng", "Stopping"))
            await asyncio.to_thread(cluster.close)
            _say(either("Đã dừng", "Stopped"))


async def _keep(cluster: Cluster) -> None:
    """Start again whatever ends, as systemd would, until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        for machine in cluster.roles.values():
            tasks.create_task(_keep_one(machine))


async def _keep_one(machine: Machine) -> None:
    backoff, since = Backoff(0.5), time.monotonic()
    while True:
        await asyncio.sleep(_LOOK_EVERY)
        if machine.alive or not machine.wanted:
            continue
        if time.monotonic() - since > _LONG_LIFE:
            backoff.reset()
        pause = backoff.next()
        _say(f"{machine.name}: {machine.exit}; {either('khởi động lại sau', 'started again in')} {pause:.1f} s")
        await asyncio.sleep(pause)
        since = time.monotonic()
        with suppress(ServerError):
            machine.start(wait=False)


async def _demonstrate(cluster: Cluster) -> None:
    from services.cli.commands.demonstration import run  # noqa: PLC0415 - costs half a second

    os.environ.update(cluster.environment("anybody"))
    os.environ["TONGHOP_TOKEN"] = cluster.admin_token
    try:
        await run(cluster.settings("anybody"))
    except Exception as error:  # noqa: BLE001 - whatever becomes of the demonstration, the cluster goes on
        _say(f"{either('Không nạp được số liệu minh họa', 'The demonstration failed')}: {chosen(error)}")


def _announce(cluster: Cluster, seconds: float) -> None:
    layout = cluster.layout
    run = f"python -m deploy.cluster.loopback status --data-dir {layout.folder}"
    patronictl = f"{find().patroni.parent / 'patronictl'} -c {layout.secrets / 'patronictl.yml'} list"
    monitor = f"http://{layout.address('nats-1', 'monitor')}"
    lines = {
        either("Trang, HTTP", "Pages, HTTP"): "  ".join(f"{url}/" for url in cluster.api_urls),
        either("Tin chứng thư", "Trust"): f"{cluster.certificates.ca}  (TONGHOP_API_CA, curl --cacert)",
        either("Token của admin", "Admin's token"): str(cluster.admin_token_file),
        "NATS": cluster.nats_url,
        "PostgreSQL": ",".join(str(layout.address(one, "tls")) for one in layout.of(POSTGRES)),
        either("Ai đang dẫn", "Who leads"): run,
        "": patronictl,
        " ": f"{monitor}/jsz?streams=true&accounts=true",
        either(
            "Khóa của bus", "Keys of the bus"
        ): f"TONGHOP_CREDENTIAL_KEYS={layout.secrets / 'keys'} tonghop credential issue …",
        either("Nhật ký", "Logs"): str(layout.logs),
        either("Dừng", "Stop"): "Ctrl-C",
    }
    said = either(f"Cụm đã sẵn sàng ({seconds:.0f} s)", f"The cluster is ready ({seconds:.0f} s)")
    _say("\n".join((said, *(f"  {name:<17}{line}" for name, line in lines.items()))))


def _status(folder: Path) -> int:
    layout = Layout(folder)
    layout.read()
    asking = Asking(layout, Certificates(layout.tls, layout.secrets))
    try:
        cut = cutting.tell(layout.run, "cut-off").split()
    except OSError:
        cut = []
    leads = {
        NATS: asking.stream_leader(),
        ETCD: asking.etcd_leader(),
        POSTGRES: asking.primary(),
    }
    projectors = asking.projectors()
    members = {str(member["name"]): member for member in asking.members()}
    for machine in layout.machines:
        words: list[str | Bilingual] = [
            either("sẵn sàng", "ready") if asking.ready(machine) else either("VẮNG", "AWAY")
        ]
        if machine in leads.values():
            words.append(either("máy chính", "primary") if machine == leads[POSTGRES] else either("dẫn", "leader"))
        elif machine in members:
            member = members[machine]
            words.append(f"{member.get('role')}, {member.get('state')}, lag {member.get('lag', '?')}")
        if machine in projectors:
            words.append(_STATES.get(projectors[machine], Bilingual.of(projectors[machine])))
        if machine in cut:
            words.append(either("bị cắt mạng", "cut off"))
        _say(f"{machine:<14}{', '.join(chosen(word) for word in words)}")
    return 0


def _down(folder: Path) -> int:
    layout = Layout(folder)
    try:
        process = psutil.Process(int((layout.run / "lock").read_text(encoding="ascii")))
        ours = "deploy.cluster.loopback" in " ".join(process.cmdline())
    except (OSError, ValueError, psutil.Error):
        ours = False
    if ours:
        process.send_signal(signal.SIGTERM)
        with suppress(psutil.TimeoutExpired):
            process.wait(_ENDED_WITHIN)
    with Cluster(folder, notice=_say).held():  # what a killed runner has left is ended
        _say(either("Đã dừng", "Stopped"))
    return 0


def _tell(asked: argparse.Namespace) -> int:
    layout = Layout(asked.data_dir)
    try:
        answer = cutting.tell(layout.run, f"{asked.command} {asked.machine}")
    except OSError as error:
        raise ServerError(either("Cụm không chạy", "The cluster doesn't run") + f": {error}") from error
    _say(f"{asked.machine}: {answer}")
    return 0 if answer == "ok" else 1


def _say(line: str) -> None:
    with suppress(OSError):  # where this is kept there may be no room, and that is no reason to stop
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
