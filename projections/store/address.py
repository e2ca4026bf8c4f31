"""Addresses of PostgreSQL as libpq reads them, and what of them asyncpg takes: pure, nothing is connected here.

The form is libpq's (PostgreSQL's documentation, §32.1.1.2): several hosts, sockets, IPv6, percent-encoding, every
keyword of a connection. A keyword that can't be honoured here is named and never passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from projections.bilingual import Bilingual

SCHEMES: Final = ("postgresql://", "postgres://")
PASSWORD_FILE: Final = "passwordfile"  # noqa: S105 - the name of a keyword
"""Our own keyword: a file that holds the password and nothing else, read at every connection."""

_DEFAULT_PORT: Final = 5432
_LARGEST_PORT: Final = 65535
_DEFAULT_SOCKETS: Final = "/run/postgresql"
_YES: Final = frozenset({"1", "on", "true", "yes"})

_TLS: Final = frozenset(
    {
        *("sslmode", "sslcert", "sslkey", "sslpassword", "sslrootcert", "sslcrl", "sslnegotiation"),
        *("ssl_min_protocol_version", "ssl_max_protocol_version"),
    }
)
_OF_ASYNCPG: Final = frozenset({"passfile", "service", "servicefile", "krbsrvname", "gsslib"})
_SESSION: Final = frozenset({"application_name", "fallback_application_name", "options"})
_WHERE: Final = frozenset({"host", "hostaddr", "port", "dbname", "user", "password", PASSWORD_FILE})
_NUMBERS: Final = frozenset(
    {
        *("connect_timeout", "tcp_user_timeout"),
        *("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"),
    }
)
_CHOICES: Final[Mapping[str, frozenset[str]]] = {
    "target_session_attrs": frozenset({"any", "read-write", "read-only", "primary", "standby", "prefer-standby"}),
    "load_balance_hosts": frozenset({"disable", "random"}),
    "sslmode": frozenset({"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}),
}
_AS_IT_IS: Final[Mapping[str, frozenset[str]]] = {
    "channel_binding": frozenset({"disable", "prefer"}),
    "client_encoding": frozenset({"auto", "utf8", "utf-8", "unicode"}),
    "gssdelegation": frozenset({"0"}),
    "gssencmode": frozenset({"disable", "prefer"}),
    "max_protocol_version": frozenset({"3.0", "3.2", "latest"}),
    "min_protocol_version": frozenset({"3.0"}),
    "replication": frozenset({"0", "off", "no", "false"}),
    "requiressl": frozenset({"0"}),
    "sslcertmode": frozenset({"allow"}),
    "sslcompression": frozenset({"0"}),
    "sslsni": frozenset({"1"}),
}
"""Keywords that this driver can't be told, and the values that say what it does anyway."""
_NOT_HONOURED: Final[Mapping[str, str]] = {
    "oauth_client_id": "sign in by password, certificate or Kerberos",
    "oauth_client_secret": "sign in by password, certificate or Kerberos",
    "oauth_issuer": "sign in by password, certificate or Kerberos",
    "oauth_scope": "sign in by password, certificate or Kerberos",
    "require_auth": "leave it out; pg_hba.conf of the server says how it lets in",
    "requirepeer": "leave it out; who may enter the socket's folder is what protects it",
    "scram_client_key": "give the password, or passwordfile=",
    "scram_server_key": "give the password, or passwordfile=",
    "sslcrldir": "give the list of revoked certificates as one file, sslcrl=",
    "sslkeylogfile": "set SSLKEYLOGFILE in the environment",
}


class AddressError(ValueError):
    """The address can't be used; the message names the part of it, never a password, and says what to do."""


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """Where a database is and how it is entered. `places` are tried in their order; none are the usual sockets."""

    places: tuple[tuple[str, int], ...] = ()
    """Host (a folder for a socket) and port, of each server."""
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    database: str | None = None
    wanted: str = "any"
    """`target_session_attrs`: which of the servers will do."""
    shuffled: bool = False
    """`load_balance_hosts=random`: the servers are tried in any order."""
    connect_timeout: float | None = None
    """Seconds for one server; None where the address doesn't say, 0 for no limit."""
    password_file: str | None = None
    tls: Mapping[str, str] = field(default_factory=dict, repr=False)
    session: Mapping[str, str] = field(default_factory=dict)
    """Settings of the session: `application_name`, `options`."""
    of_asyncpg: Mapping[str, str] = field(default_factory=dict)
    """`passfile`, `service`, `servicefile`, `krbsrvname`, `gsslib`."""
    socket: Mapping[str, int] = field(default_factory=dict)
    """`keepalives…` in seconds and `tcp_user_timeout` in milliseconds, as far as the address says."""

    @classmethod
    def parse(cls, url: str) -> DatabaseAddress:
        """Read an address as libpq does. Raises AddressError."""
        rest = next((url.removeprefix(scheme) for scheme in SCHEMES if url.startswith(scheme)), None)
        if rest is None:
            raise AddressError(Bilingual("phải bắt đầu bằng postgresql://", "it must begin with postgresql://"))
        found = dict(_parts(rest))
        return cls(
            places=_places(found),
            user=found.get("user"),
            password=found.get("password"),
            database=found.get("dbname"),
            wanted=found.get("target_session_attrs", "any"),
            shuffled=found.get("load_balance_hosts") == "random",
            connect_timeout=_timeout(found),
            password_file=found.get(PASSWORD_FILE),
            tls={name: found[name] for name in _TLS & found.keys()},
            session=_session(found),
            of_asyncpg={name: found[name] for name in _OF_ASYNCPG & found.keys()},
            socket={name: int(found[name]) for name in _NUMBERS & found.keys() if name != "connect_timeout"},
        )

    @property
    def names_a_database(self) -> bool:
        """Whether it says which database is meant, itself or by a service."""
        return self.database is not None or "service" in self.of_asyncpg

    @property
    def encrypted(self) -> bool:
        """Whether TLS is asked for: libpq's `prefer` and `allow` take what comes."""
        asked = self.tls.get("sslmode") in {"require", "verify-ca", "verify-full"}
        return asked or self.tls.get("sslrootcert") == "system"


def said(url: str) -> str:
    """Write an address for people to read: without passwords, whatever else is in it."""
    return re.sub(r"(?<=[?&])((?:ssl)?password=)[^&]*", r"\1…", re.sub(r"://([^:@/]*):[^@/]*@", r"://\1:…@", url))


def with_keyword(url: str, name: str, value: str) -> str:
    """Add a keyword to an address."""
    return f"{url}{'&' if '?' in url else '?'}{name}={quote(value, safe='/')}"


def _parts(rest: str) -> Iterator[tuple[str, str]]:
    """Take an address apart, after its scheme, into keywords; in the words and in the order of libpq."""
    before, at, after = rest.partition("@")
    if at and "/" not in before:  # an @ after a slash is part of what comes there
        rest = after
        user, _, password = before.partition(":")
        if user:
            yield "user", _decoded("user", user)
        if password:
            yield "password", _decoded("password", password)
    hosts, rest = _authority(rest)
    if len(hosts) > 1 or hosts[0][0]:
        yield "host", ",".join(_decoded("host", host) for host, _ in hosts)
    if len(hosts) > 1 or hosts[0][1]:
        yield "port", ",".join(port for _, port in hosts)
    if rest.startswith("/"):
        database, question, rest = rest[1:].partition("?")
        rest = question + rest
        if database:
            yield "dbname", _decoded("dbname", database)
    for piece in rest[1:].split("&") if len(rest) > 1 else ():
        name, equals, value = piece.partition("=")
        if not equals or "=" in value:
            raise AddressError(Bilingual(f"{name!r} phải là tên=giá trị", f"{name!r} must be name=value"))
        yield _keyword(_decoded("?", name), _decoded(name, value))


def _authority(rest: str) -> tuple[list[tuple[str, str]], str]:
    """Read the hosts and their ports, and return what follows them."""
    hosts = []
    while True:
        found = re.match(r"(?:\[([^\]]+)\](?=[:/?,]|$)|([^:/?,\[][^:/?,]*)?)(?::([^/?,]*))?", rest)
        assert found is not None  # noqa: S101 - nothing at all is a match too
        hosts.append((found[1] or found[2] or "", found[3] or ""))
        rest = rest[found.end() :]
        if not rest.startswith(","):
            break
        rest = rest[1:]
    if rest and rest[0] not in "/?":
        raise AddressError(
            Bilingual("địa chỉ IPv6 phải trong ngoặc vuông, ví dụ [::1]:5432", "an IPv6 host must be like [::1]:5432")
        )
    return hosts, rest


def _keyword(name: str, value: str) -> tuple[str, str]:
    """Check one keyword; raises AddressError for one that can't be honoured."""
    if name == "ssl" and value == "true":  # as JDBC has it, and libpq takes it
        return "sslmode", "require"
    if name == "database":  # as asyncpg has it
        name = "dbname"
    choices = _CHOICES.get(name)
    if choices is not None and value not in choices:
        raise AddressError(f"{name}={value}: {' | '.join(sorted(choices))}")
    if name in _NUMBERS and not re.fullmatch(r"-?\d{1,9}", value):
        raise AddressError(Bilingual(f"{name}={value} phải là một số nguyên", f"{name} must be a whole number"))
    if name in _NUMBERS | _CHOICES.keys() | _WHERE | _TLS | _OF_ASYNCPG | _SESSION:
        return name, value
    if value.lower() in _AS_IT_IS.get(name, frozenset()):
        return name, value
    if name in _AS_IT_IS:
        allowed = ", ".join(sorted(_AS_IT_IS[name]))
        raise AddressError(
            Bilingual(
                f"không làm được {name}={value}, hãy bỏ đi hay đặt {allowed}",
                f"{name}={value} can't be honoured: leave it out, or set {allowed}",
            )
        )
    if name in _NOT_HONOURED:
        raise AddressError(Bilingual(f"không làm được {name}", f"{name} can't be honoured: {_NOT_HONOURED[name]}"))
    raise AddressError(
        Bilingual(
            f"không biết từ khóa {name}; tham số của máy chủ thì viết options=-c%20{name}%3D…",
            f"no such keyword as {name}; a setting of the server is written options=-c%20{name}%3D…",
        )
    )


def _places(found: Mapping[str, str]) -> tuple[tuple[str, int], ...]:
    hosts = found.get("hostaddr") or found.get("host")
    if "hostaddr" in found and "host" in found and found.get("sslmode") == "verify-full":
        raise AddressError(
            Bilingual(
                "hostaddr không đi với verify-full, chỉ dùng host", "hostaddr does not go with verify-full: give host"
            )
        )
    if hosts is None:
        if "port" not in found:
            return ()
        hosts = _DEFAULT_SOCKETS
    names = [host or _DEFAULT_SOCKETS for host in hosts.split(",")]
    if abstract := next((name for name in names if name.startswith("@")), None):
        raise AddressError(Bilingual(f"không dùng được ổ cắm {abstract}", f"{abstract}: give a socket's folder"))
    ports = [_port(port) for port in found.get("port", "").split(",")]
    if len(ports) == 1:
        ports *= len(names)
    if len(ports) != len(names):
        raise AddressError(
            Bilingual(f"{len(ports)} cổng cho {len(names)} máy chủ", f"{len(ports)} ports for {len(names)} hosts")
        )
    return tuple(zip(names, ports, strict=True))


def _port(text: str) -> int:
    if not text:
        return _DEFAULT_PORT
    if not (text.isascii() and text.isdecimal()) or not 0 < int(text) <= _LARGEST_PORT:
        raise AddressError(Bilingual(f"cổng {text!r} không dùng được", f"{text!r} is not a port"))
    return int(text)


def _timeout(found: Mapping[str, str]) -> float | None:
    seconds = found.get("connect_timeout")
    return None if seconds is None else max(0.0, float(seconds))


def _session(found: Mapping[str, str]) -> dict[str, str]:
    named = found.get("application_name") or found.get("fallback_application_name")
    settings = {"options": found["options"]} if "options" in found else {}
    return settings | ({"application_name": named} if named else {})


def _decoded(what: str, text: str) -> str:
    """Undo percent-encoding as libpq does: a plus sign is a plus sign, and a stray per cent is a mistake."""
    if re.search(r"%(?![0-9A-Fa-f]{2})", text) or "%00" in text:
        raise AddressError(
            Bilingual(f"{what}: dấu % phải viết là %25", f"{what}: a per cent sign is written %25, and %00 can't be")
        )
    try:
        return re.sub(rb"%(..)", lambda found: bytes([int(found[1], 16)]), text.encode()).decode()
    except UnicodeDecodeError as error:
        raise AddressError(Bilingual(f"{what} phải là UTF-8", f"{what} must be UTF-8")) from error


def arguments(address: DatabaseAddress) -> dict[str, Any]:
    """Give what asyncpg.connect takes, but for the host, the port and what has to be read from files."""
    tls = {name: value for name, value in address.tls.items() if (name, value) != ("sslrootcert", "system")}
    # Only an address carries these: asyncpg has no arguments for them.
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in sorted(tls.items()))
    return {
        "dsn": f"postgresql://?{query}" if query else None,
        "user": address.user,
        "password": address.password,
        "database": address.database,
        "target_session_attrs": None if address.wanted == "any" else address.wanted,
        **address.of_asyncpg,
    }
