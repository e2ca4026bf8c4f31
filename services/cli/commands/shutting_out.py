"""`tonghop shut-out`: which file and which server it is about, and what is said of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from events.identifiers import is_unit_id
from services import shutting_out
from services.bus_credentials.files import KeysError
from services.cli import bus_keys
from services.cli.bus_keys import KeyPlace
from services.cli.client import service_file
from services.cli.errors import CommandError
from services.language import chosen, either
from services.settings import Settings


class BusConfiguration(NamedTuple):
    """Where it is written who is shut out, and what has to be told of it."""

    file: Path
    pid_file: Path | None
    embedded: bool
    keys: KeyPlace | None = None
    """Of a bus with signed accounts: it is told by these, and by no signal."""
    settings: Settings = Settings()


def find(settings: Settings, data_dir: Path) -> BusConfiguration:
    """Find the bus by the settings, else in the service's data folder. Raises CommandError where there is none."""
    if settings.credential_keys:
        place = bus_keys.find(None, settings, data_dir)
        return BusConfiguration(place.shut_out, None, embedded=False, keys=place, settings=settings)
    pid_file = Path(settings.nats_pid_file) if settings.nats_pid_file else None
    if settings.shut_out_file:
        return BusConfiguration(Path(settings.shut_out_file), pid_file, embedded=False)
    config = data_dir / "nats" / "nats.conf"
    if not config.exists():
        raise CommandError(
            either(
                f"Không có dịch vụ trong {data_dir}. Hãy chỉ thư mục bằng --data-dir, hoặc tệp mà cấu hình NATS nạp "
                "vào bằng TONGHOP_SHUT_OUT_FILE.",
                f"There is no service in {data_dir}. Name its folder with --data-dir, or the file that the "
                "configuration of NATS includes with TONGHOP_SHUT_OUT_FILE.",
            )
        )
    signed = service_file(data_dir).get("access") == "required"
    return BusConfiguration(
        config.with_name(shutting_out.FILE),
        pid_file or data_dir / "run" / "nats.json",
        embedded=True,
        keys=bus_keys.find(None, settings, data_dir) if signed else None,
        settings=settings,
    )


def listed(bus: BusConfiguration) -> Iterator[str]:
    """Say who is shut out."""
    with _plainly():
        entries = shutting_out.read(bus.file)
    if not entries:
        yield either("Không đơn vị nào bị chặn.", "Nobody is shut out.")
    for one in entries:
        yield f"{one.publisher}\t{one.since}"


def change(bus: BusConfiguration, unit: str, by: str, *, end: bool) -> Iterator[str]:
    """Shut a unit out, or let it in again, and say so; nothing is written where it is so already."""
    if not is_unit_id(unit):
        raise CommandError(either(f"{unit!r}: không phải mã đơn vị.", f"{unit!r} is no unit's id."))
    with _plainly():
        entries = shutting_out.read(bus.file)
        known = {one.publisher for one in entries}
        if (unit in known) == end:
            since = f"{dt.datetime.now(dt.UTC).isoformat(timespec='seconds')} {by}"
            others = [one for one in entries if one.publisher != unit]
            entries = others if end else [*others, shutting_out.ShutOut(unit, since)]
            shutting_out.write(bus.file, entries)
        told = _tell(bus, by)
    if end:
        yield either(f"{unit} được gửi lại.", f"{unit} may publish again.")
    else:
        yield either(
            f"{unit} bị chặn: NATS từ chối mọi thứ nó gửi.", f"{unit} is shut out: NATS refuses what it sends."
        )
    if not told:
        yield either(
            f"Đã ghi vào {bus.file}. Hãy cho từng máy chủ NATS đọc lại cấu hình: nats-server --signal reload",
            f"Written to {bus.file}. Have each server of NATS read its configuration anew: nats-server --signal reload",
        )


def _tell(bus: BusConfiguration, by: str) -> bool:
    """Have the server read its configuration anew, if it is known which one runs; what doesn't run reads it later."""
    if bus.keys is not None:
        bus_keys.take_effect(bus.keys, bus.settings, by)
        return True
    if bus.pid_file is None or (bus.embedded and not bus.pid_file.exists()):
        return bus.embedded
    server = shutting_out.running(bus.pid_file)
    shutting_out.reload(server, shutting_out.monitor_of(bus.file.parent, server.pid) if bus.embedded else None)
    return True


@contextmanager
def _plainly() -> Iterator[None]:
    try:
        yield
    except (shutting_out.ShutOutError, KeysError) as error:
        why = chosen(error)
        raise CommandError(
            either(f"Chưa chắc đã có hiệu lực: {why}", f"It may not have taken effect: {why}")
        ) from error
