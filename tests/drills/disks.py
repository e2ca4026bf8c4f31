"""Disks of a cluster that are full or slow: one of a bus server, one of etcd, and etcd's own quota."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Final

import yaml

from deploy.cluster.loopback.layout import ETCD
from deploy.cluster.loopback.machine import Machine
from tests.drills.clusters import OnCluster, running_cluster_in
from tests.drills.faults import Drill
from tests.fault.disk import Disk
from tests.servers import free_address, short_folder

NEEDED: Final = ("etcd", "strace", "etcdctl", "prometheus-node-exporter", "prometheus-blackbox-exporter", "mkfs.ext4")
ON_A_DISK: Final = "nats-3"
MEGABYTES: Final = 160
LARGER: Final = 480
QUOTA: Final = 16 << 20
VALUE: Final = 100_000
"""Bytes of one value that is written to etcd again and again."""
SLOW: Final = 1.2
"""Seconds that the slow disk takes for each write: etcd itself speaks of more than one."""
INSTEAD: Final = {"4 * 86400": "4 * 2880"}


class OnDisks(OnCluster):
    """The cluster, with the store of one server of the bus on a disk of its own."""

    disk: GrowingDisk

    def etcdctl(self, *words: str, shown: int = 8, write: bool = True) -> str:
        """Run `etcdctl` at all members, and write down what it said; gives that."""
        at = self.cluster
        pair = at.certificates.database
        endpoints = ",".join(f"https://{at.layout.address(one, 'client')}" for one in at.layout.of(ETCD))
        environ = {**os.environ, "ETCDCTL_API": "3", "ETCDCTL_ENDPOINTS": endpoints}
        environ |= {"ETCDCTL_CACERT": str(at.certificates.database_ca)}
        environ |= {"ETCDCTL_CERT": str(pair.certificate), "ETCDCTL_KEY": str(pair.key)}
        done = subprocess.run(
            ["etcdctl", *words],  # noqa: S607 - wherever it is
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env=environ,
        )
        said = done.stdout + done.stderr
        if write:
            self.does(f"etcdctl {' '.join(words)}")
            self.said += [line.rstrip()[:149] for line in said.splitlines() if line.strip()][:shown]
        return said

    async def healthz(self) -> None:
        """Ask the server of the bus on the small disk how it is, and write down what it said."""
        at = self.cluster.layout.address(ON_A_DISK, "monitor")
        self.does(f"curl -s http://{ON_A_DISK}:8222/healthz")
        command = ["curl", "-s", "--max-time", "5", f"http://{at}/healthz"]
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
        self.said += [line[:149] for line in done.stdout.splitlines() if line.strip()][:3]


class GrowingDisk(Disk):
    """A file system of its own on a file, which an operator can make larger."""

    def __init__(self, path: Path, image: Path) -> None:
        super().__init__(path)
        self._image = image

    def make(self) -> None:
        self.path.mkdir(parents=True)
        _run("truncate", "-s", f"{MEGABYTES}M", self._image)
        _run("mkfs.ext4", "-q", "-m", "0", self._image)
        self.mount()

    def mount(self) -> None:
        _run("mount", "-o", "loop", self._image, self.path)

    def unmount(self) -> None:
        _run("umount", self.path)

    def grow(self) -> None:
        """Make it larger; it is not mounted."""
        _run("truncate", "-s", f"{LARGER}M", self._image)
        _run("e2fsck", "-fy", self._image)
        _run("resize2fs", self._image)


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True)


async def _disk_full(on: OnDisks) -> AsyncIterator[None]:
    machine = on.cluster.roles[ON_A_DISK]
    on.does(f"dd if=/dev/zero of=/var/lib/nats/dump            # on {ON_A_DISK}, until no byte is free")
    filling = asyncio.create_task(_keep_full(on.disk))
    try:
        yield
    finally:
        filling.cancel()
        await asyncio.gather(filling, return_exceptions=True)
    await on.metric("node_filesystem_avail_bytes / node_filesystem_size_bytes")
    await on.metric('probe_success{job="nats-health"} == 0')
    await on.healthz()
    on.does("journalctl -u nats-server | grep 'no space' | tail -n 1")
    full = [line for line in machine.tail(4000).splitlines() if "no space" in line.lower()]
    on.said += [line.replace(str(on.disk.path), "/var/lib/nats") for line in full[-1:]]
    on.does("rm /var/lib/nats/dump                       # room alone:")
    on.disk.make_room()
    await asyncio.sleep(10)
    await on.healthz()
    on.does("systemctl stop nats-server; umount /var/lib/nats; resize2fs …; mount /var/lib/nats   # a larger disk")
    await asyncio.to_thread(_on_a_larger_disk, machine, on.disk)
    on.does("systemctl start nats-server")
    await asyncio.to_thread(machine.start)
    await on.healthz()


async def _keep_full(disk: Disk) -> None:
    while True:
        await asyncio.to_thread(disk.fill)
        await asyncio.sleep(0.2)


def _on_a_larger_disk(machine: Machine, disk: GrowingDisk) -> None:
    machine.end()
    disk.unmount()
    disk.grow()
    disk.mount()


async def _slow_disk(on: OnDisks) -> AsyncIterator[None]:
    slow = str(on.cluster.etcd_leader())
    machine = on.cluster.roles[slow]
    inject = f"inject=fdatasync:delay_exit={SLOW * 1e6:.0f}"
    on.does(f"strace -f -p PID-OF-ETCD -e {inject}    # on {slow}, the leader: each write takes {SLOW:g} s")
    command = ["strace", "-f", "-qq", "-o", "/dev/null", "-p", str(machine.pid), "-e", "trace=fdatasync", "-e", inject]
    slowing = subprocess.Popen(command, stderr=subprocess.DEVNULL)  # noqa: ASYNC220 - it begins at once
    primary = on.cluster.primary()
    try:
        yield
        await on.metric(
            "histogram_quantile(0.99, sum by (le, instance) (rate(etcd_disk_wal_fsync_duration_seconds_bucket[10s])))"
        )
        await on.metric("etcd_server_is_leader")
        on.does("journalctl -u etcd | grep 'slow fdatasync\\|sync duration' | tail -n 1")
        on.said += [
            line[:149] for line in machine.tail(4000).splitlines() if "fdatasync" in line or "sync duration" in line
        ][-1:]
        await on.patronictl("list")
        if on.cluster.primary() != primary:
            on.said.append(f"# {primary} was the primary before")
    finally:
        on.does("(etcd has a disk of its own)")
        slowing.terminate()
        slowing.wait(10)


async def _etcd_full(on: OnDisks) -> AsyncIterator[None]:
    for one in on.cluster.layout.of(ETCD):
        await asyncio.to_thread(_with_a_quota, on.cluster.roles[one], on.cluster.layout.place(one) / "etcd.yml")
    on.does(f"(each etcd with quota-backend-bytes: {QUOTA}; then a key is written again and again, until it is full)")
    filling = asyncio.create_task(asyncio.to_thread(_write_until_full, on))
    yield
    await filling
    on.etcdctl("endpoint", "status", "--cluster")
    on.etcdctl("alarm", "list")
    await on.metric("etcd_mvcc_db_total_size_in_bytes / etcd_server_quota_backend_bytes")
    await asyncio.sleep(30)  # longer than Patroni's ttl
    primary = on.cluster.roles[str(on.cluster.primary())]
    on.does("journalctl -u patroni | tail -n 3                    # on the primary, half a minute later")
    on.said += [line[:149] for line in primary.tail(3).splitlines()]
    await on.metric("tonghop_readable_lag_events")
    status = json.loads(on.etcdctl("endpoint", "status", "-w", "json", write=False))
    revision = max(one["Status"]["header"]["revision"] for one in status)
    on.etcdctl("compact", str(revision))
    on.etcdctl("defrag", "--cluster")
    on.etcdctl("alarm", "disarm")
    on.etcdctl("endpoint", "status", "--cluster")
    await asyncio.sleep(8)  # Patroni looks every five seconds
    await on.patronictl("list")


def _with_a_quota(machine: Machine, file: Path) -> None:
    configured = yaml.safe_load(file.read_text())
    file.write_text(yaml.safe_dump(configured | {"quota-backend-bytes": QUOTA}, sort_keys=False))
    machine.restart()


def _write_until_full(on: OnDisks) -> None:
    until = time.monotonic() + 120
    while "space" not in on.etcdctl("put", "/drill", "x" * VALUE, write=False):
        assert time.monotonic() < until, "it is never full"


DISK_DRILLS: Final = {
    each.alert: each
    for each in (
        Drill("TonghopDiskFillsUp", _disk_full, ("TonghopBusServerUnhealthy",)),  # type: ignore[arg-type]
        Drill("TonghopEtcdSlowDisk", _slow_disk),  # type: ignore[arg-type]
        Drill("TonghopEtcdFillsUp", _etcd_full),  # type: ignore[arg-type]
    )
}


def missing() -> list[str]:
    """Name what these drills need and this machine has not."""
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    return [name for name in NEEDED if shutil.which(name, path=path) is None]


@contextmanager
def _exporter(command: Sequence[str | Path], log: Path) -> Iterator[None]:
    with log.open("ab") as written:
        process = subprocess.Popen(command, stdout=written, stderr=written)
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def _growing_disk(folder: Path) -> Iterator[GrowingDisk]:
    disk = GrowingDisk(folder / "cluster" / ON_A_DISK, folder / "disk.img")
    disk.make()
    try:
        yield disk
    finally:
        with suppress(subprocess.CalledProcessError):
            disk.unmount()


def _jobs(disk: Path, blackbox: str) -> Mapping[str, str]:
    """Give how disks and servers of the bus are asked, as in deploy/prometheus/prometheus.yml; of disks this one."""
    of_it = f"source_labels: [mountpoint], regex: '{disk}'"
    kept = f"{{{of_it}, action: keep}}, {{{of_it}, target_label: mountpoint, replacement: /var/lib/nats}}"
    relabelled = (
        "{source_labels: [__address__], target_label: __param_target}",
        f"{{target_label: __address__, replacement: '{blackbox}'}}",
    )
    probed = f"metrics_path: /probe, params: {{module: [http_2xx]}}, relabel_configs: [{', '.join(relabelled)}], "
    return {"node": f"metric_relabel_configs: [{kept}], ", "nats-health": probed}


@asynccontextmanager
async def running_on_disks(_: dict[str, str]) -> AsyncIterator[OnDisks]:
    """Run a cluster whose third server of the bus has a small disk, watched by the exporters too. It takes root."""
    assert not missing(), f"not here: {', '.join(missing())}"
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(short_folder())
        disk = stack.enter_context(_growing_disk(folder))
        node, blackbox = str(free_address()), str(free_address())
        modules = folder / "blackbox.yml"
        modules.write_text("modules: {http_2xx: {prober: http, timeout: 2s, http: {preferred_ip_protocol: ip4}}}\n")
        command = ["prometheus-node-exporter", f"--web.listen-address={node}", "--collector.disable-defaults"]
        command += ["--collector.filesystem", "--collector.filesystem.mount-points-exclude=^$"]
        stack.enter_context(_exporter(command, folder / "node.log"))
        command = ["prometheus-blackbox-exporter", f"--web.listen-address={blackbox}", f"--config.file={modules}"]
        stack.enter_context(_exporter(command, folder / "blackbox.log"))
        on = await stack.enter_async_context(running_cluster_in(folder, OnDisks, _jobs(disk.path, blackbox), INSTEAD))
        on.disk = disk
        on.also("node", ON_A_DISK, node)
        for one in on.cluster.layout.of("nats"):
            on.also("nats-health", one, f"http://{on.cluster.layout.address(one, 'monitor')}/healthz")
        yield on
