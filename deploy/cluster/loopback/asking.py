"""Asking each machine itself how it is and whether it leads: straight, whether or not it is cut off from the others."""

from __future__ import annotations

import json
import ssl
from collections import Counter
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Final

from deploy.cluster.loopback.certificates import Certificates
from deploy.cluster.loopback.layout import API, ETCD, NATS, POSTGRES, PROJECTOR, Layout
from services.settings import Address, Settings

_WITHIN: Final = 2.0
_MOST: Final = 8 << 20
_SUCCESSORS: Final = frozenset({"sync_standby", "quorum_standby"})


class Asking:
    """Questions to the machines of one cluster; one that doesn't answer in two seconds is neither ready nor leading."""

    def __init__(self, layout: Layout, certificates: Certificates) -> None:
        self._layout = layout
        self._certificates = certificates
        self._contexts: dict[str, ssl.SSLContext] = {}

    def ready(self, machine: str) -> bool:
        """Tell whether a machine can do its work."""
        role, _, _ = machine.rpartition("-")
        address = self._layout.address
        if role == NATS:
            return self._get(address(machine, "monitor"), "/healthz")[0] == HTTPStatus.OK
        if role == ETCD:
            status, said = self._get(address(machine, "metrics"), "/health")
            return status == HTTPStatus.OK and b'"true"' in said
        if role == POSTGRES:
            return self._get(address(machine, "rest-behind"), "/readiness", POSTGRES)[0] == HTTPStatus.OK
        if role == PROJECTOR:
            return self._get(address(machine, "http"), "/readyz", PROJECTOR)[0] == HTTPStatus.OK
        return self._get(address(machine, "http-behind"), "/readyz", API)[0] == HTTPStatus.OK

    def stream_leader(self) -> str | None:
        """Name the nats-server that leads the stream in the eyes of most of them; None while there is none."""
        views: Counter[str] = Counter()
        for machine in self._layout.of(NATS):
            _, said = self._get(self._layout.address(machine, "monitor"), "/jsz?streams=true&accounts=true")
            for account in _read(said).get("account_details") or ():
                for stream in account.get("stream_detail") or ():
                    if stream["name"] == Settings.stream and (leader := stream.get("cluster", {}).get("leader")):
                        views[leader] += 1
        leader, votes = max(views.items(), key=lambda view: view[1], default=(None, 0))
        return leader if votes > len(self._layout.of(NATS)) // 2 else None

    def etcd_leader(self) -> str | None:
        """Name the etcd that leads; None while there is none."""
        for machine in self._layout.of(ETCD):
            _, said = self._get(self._layout.address(machine, "metrics"), "/metrics")
            if b"\netcd_server_is_leader 1\n" in said and b"\netcd_server_has_leader 1\n" in said:
                return machine
        return None

    def primary(self) -> str | None:
        """Name the PostgreSQL that is written to; None while there is none."""
        for machine in self._layout.of(POSTGRES):
            if self._get(self._layout.address(machine, "rest-behind"), "/primary", POSTGRES)[0] == HTTPStatus.OK:
                return machine
        return None

    def members(self) -> list[dict[str, Any]]:
        """List the members of the database's cluster as one of them sees them: `name`, `role`, `state`, `lag`."""
        for machine in self._layout.of(POSTGRES):
            status, said = self._get(self._layout.address(machine, "rest-behind"), "/cluster", POSTGRES)
            if status == HTTPStatus.OK:
                return list(_read(said).get("members", ()))
        return []

    def has_a_successor(self) -> bool:
        """Tell whether a standby would be promoted if the primary were lost now.

        With `synchronous_mode` Patroni promotes nobody while its key /sync names no standby. So it is for some seconds
        after the standbys of a new cluster have begun to follow.
        """
        members = self.members()
        return any(one.get("role") in _SUCCESSORS for one in members) or (
            any(one.get("state") == "streaming" for one in members) and not self._synchronous()
        )

    def _synchronous(self) -> bool:
        for machine in self._layout.of(POSTGRES):
            status, said = self._get(self._layout.address(machine, "rest-behind"), "/config", POSTGRES)
            if status == HTTPStatus.OK:
                return bool(_read(said).get("synchronous_mode"))
        return True

    def leading_projector(self) -> str | None:
        """Name the projector that is in force; None while there is none."""
        return next((one for one, state in self.projectors().items() if state in {"leading", "paused"}), None)

    def projectors(self) -> dict[str, str]:
        """Say what each projector is doing, in its own word; `away` where it doesn't answer."""
        found = {}
        for machine in self._layout.of(PROJECTOR):
            _, said = self._get(self._layout.address(machine, "http"), "/readyz", PROJECTOR)
            found[machine] = str(_read(said).get("state", "away"))
        return found

    def _get(self, address: Address, path: str, role: str | None = None) -> tuple[int, bytes]:
        """Ask by HTTP, or by HTTPS as a role shows itself; 0 where there is no answer."""
        if role is None:
            connection = HTTPConnection(*address, timeout=_WITHIN)
        else:
            connection = HTTPSConnection(*address, timeout=_WITHIN, context=self._context(role))
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read(_MOST)
        except (OSError, HTTPException):
            return 0, b""
        finally:
            connection.close()

    def _context(self, role: str) -> ssl.SSLContext:
        if role not in self._contexts:
            found = self._certificates
            self._contexts[role] = ssl.create_default_context(
                cafile=found.database_ca if role == POSTGRES else found.ca
            )
            if role == POSTGRES:
                self._contexts[role].load_cert_chain(*found.database)
        return self._contexts[role]


def _read(said: bytes) -> dict[str, Any]:
    try:
        found = json.loads(said)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
