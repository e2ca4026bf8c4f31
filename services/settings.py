"""What the processes are told by their environment, checked once, before anything is started."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any, ClassVar, Final, NamedTuple, Self
from urllib.parse import urlsplit

from events.codec import DEFAULT_ROOT
from events.identifiers import is_unit_id
from projections.bilingual import Bilingual
from projections.store.address import PASSWORD_FILE, DatabaseAddress, with_keyword


class SettingsError(ValueError):
    """A setting that can't be used; the message names the variable and says what to do."""


class Address(NamedTuple):
    """Where a process listens; port 0 stands for any free one."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `HOST:PORT` (an IPv6 host in brackets); anything else raises ValueError."""
        host, colon, port = text.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        if not colon or not host or not (port.isascii() and port.isdecimal()) or int(port) > 65535:  # noqa: PLR2004
            raise ValueError(
                Bilingual("phải là HOST:PORT, ví dụ", "is not HOST:PORT, for example", f"{text!r} ", " 127.0.0.1:8080")
            )
        return cls(host, int(port))

    @property
    def reachable(self) -> Self:
        """Where a client on this machine finds what listens here: loopback, where it listens on every interface."""
        return self._replace(host={"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host))  # noqa: S104

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


DEFAULT_DATABASE: Final = "postgresql://postgres@127.0.0.1:5432/tonghop"
LARGEST_SMALL_CELL: Final = 100
LARGEST_SMALL_TABLE: Final = 10_000
_HTTP = Address("127.0.0.1", 8080)
_PROJECTOR_HTTP = Address("127.0.0.1", 8081)
_METRICS_HTTP = Address("127.0.0.1", 8082)
OPEN, REQUIRED = "open", "required"
"""What `access` may be (contract §7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of every process; `Settings.from_environment()` reads the variables that `VARIABLES` names."""

    nats_url: str = "nats://127.0.0.1:4222"
    """One address, or several of one cluster with commas between them. With `tls://` it is TLS or nothing."""
    nats_ca: Path | None = None
    """The authorities (PEM) whose certificates the bus may show; those of the system where none is given."""
    nats_cert: Path | None = None
    """The certificate (PEM, with what is between it and the authority) that this process shows to the bus."""
    nats_key: Path | None = None
    """The key of `nats_cert` (PEM, without a password)."""
    nats_credentials: Path | None = None
    """A `.creds` file of NATS: who this process is on a bus with signed accounts."""
    nats_password_file: Path | None = None
    """The password of the user that `nats_url` names, and nothing else; read at every start of a connection."""
    hub_nats_url: str = ""
    """Of a leaf: the bus to which `tonghop forward` sends on; `nats_url` is the leaf's own. The settings of TLS are for
    the hub, and for the leaf where its address says `tls://`."""
    hub_credentials: Path | None = None
    """The `.creds` file with which `tonghop forward` signs in at the hub: `tonghop credential issue UNIT --below`."""
    leaf_room: int = 1024
    """Megabytes that may wait at a leaf: when they are full, units are refused there, and nothing is dropped."""
    gateway_nats_url: str = ""
    """The bus as the API publishes to it, with the user `gateway`; empty: as `nats_url`."""
    gateway_credentials: Path | None = None
    """The `.creds` file of the user `gateway`, on a bus with signed accounts."""
    gateway_password_file: Path | None = None
    """The password of the user that `gateway_nats_url` names, and nothing else."""
    database_url: str = DEFAULT_DATABASE
    """As libpq takes it: several hosts, sockets, TLS (`sslmode=verify-full&sslrootcert=…&sslcert=…&sslkey=…`)."""
    root: str = DEFAULT_ROOT
    """The unit that alone may establish itself (contract §1, Structure)."""
    api_url: str = "http://127.0.0.1:8080"
    """Where the command line asks, without a slash at the end."""
    api_ca: Path | None = None
    """The authorities (PEM) whose certificate the API may show to the command line, beside those of the system."""
    http: Address = _HTTP
    """Where the API listens."""
    http_cert: Path | None = None
    """The certificate (PEM) that the API and the projector show; with it they speak HTTPS and no HTTP."""
    http_key: Path | None = None
    """The key of `http_cert` (PEM, without a password)."""
    metrics_http: Address = _METRICS_HTTP
    """Where the API answers for its metrics, to whoever reaches it: keep it to those who collect them."""
    access: str = REQUIRED
    """Who is answered: `required` takes an account; with `open` whoever is on this machine may everything, and the API
    listens on loopback alone."""
    projector_http: Address = _PROJECTOR_HTTP
    """Where the projector answers questions about its health and metrics."""
    reject_window: int = 1000
    """How many recent events the limit on rejected events looks at."""
    reject_limit: int = 50
    """How many per cent of the last `TONGHOP_REJECT_WINDOW` events may be rejected before the projector pauses; 100 is
    no limit."""
    reject_share: int = 5
    """How many per cent of the last `TONGHOP_REJECT_WINDOW` events the rejected ones of one publisher can make; further
    ones don't count."""
    growth_share: int = 20
    """How many per cent of the log's growth within a minute one publisher may make before it is named in an alert."""
    growth_least: int = 1000
    """How many kilobytes a minute a publisher has to send before it is named for its share of the log's growth."""
    lead_patience: int = 10
    """Seconds without a sign of life after which a projector that leads is taken for frozen, and another takes over."""
    shut_out_file: str = ""
    """The file with who is shut out, which the bus's configuration includes; empty: the one in the data folder."""
    nats_pid_file: str = ""
    """Where nats-server writes its process id, for `shut-out` to signal it; empty: the one in the data folder."""
    credential_keys: str = ""
    """The folder of the keys that sign the bus's accounts and credentials; empty: the one in the data folder."""
    log_level: str = "info"
    """The least severe lines that a process logs: `debug`, `info`, `warning`, `error`."""
    log_format: str = "auto"
    """The form of log lines: `json`, `console`, or `auto`: `console` on a terminal and `json` elsewhere."""
    tracing: str = "off"
    """Whether traces go to a collector of OpenTelemetry, from publishing to the answer: `off` or `on`. To which, and
    how much of it, the variables `OTEL_…` say; it takes the extra `tracing`."""
    replicas: int = 1
    """Copies of the stream that `tonghop migrate` asks for: 3 on a cluster of three servers, 1 on one machine."""
    smallest_cell: int = 3
    """How many people a cell of a breakdown needs to be shown; 1 hides none (docs/decisions/0014-small-cells.md)."""
    smallest_table: int = 30
    """How many people a table needs to be broken down for readers; officers see every one
    (docs/decisions/0014-small-cells.md)."""

    hosts: str = ""
    """Host names under which the API may be asked, with commas between them; `*` takes any. `localhost`, IP addresses
    and the address that it listens on are always taken."""
    trusted_proxies: str = ""
    """Proxies whose `X-Forwarded-For` or `Forwarded` is believed: addresses and networks with commas between them."""
    behind_after: float = 5.0
    """How many seconds of lag there have to be before an answer with figures says that it is behind (contract §9)."""

    public_url: str = ""
    """Where browsers find the service, without a slash at the end; with `https://` its cookies go over TLS alone. Set
    it where a proxy stands before the API; OpenID Connect needs it."""
    templates: Path | None = None
    """A folder with the office's own `answer.docx`, `document.docx` or `frame.json`, in place of those that come with
    the program: what Word files and documents are made with. They are read and tried when the API starts."""
    forms: Path | None = None
    """A folder with the office's own official forms, `NAME.toml`, which stand in the place of those of the same name or
    beside them. They are read when the API starts (docs/decisions/0054-official-forms.md)."""
    session_hours: int = 12
    """Hours after which whoever signed in has to sign in again."""
    password_memory: int = 64
    """Megabytes that one try of a password costs (argon2id); four are tried at a time."""
    keep_audit: int = 1826
    """Days for which the audit log is kept; `tonghop audit --prune` takes away what is older, `up` does so daily."""
    keep_imports: int = 90
    """Days for which sheets that were sent, and receipts, are kept; the API takes away what is older."""
    oidc_issuer: str = ""
    """The issuer of OpenID Connect at which accounts sign in, as it names itself; empty: none."""
    oidc_client: str = ""
    """The name under which the issuer knows this service, with /sign-in/oidc/callback below `TONGHOP_PUBLIC_URL` as the
    place to come back to."""
    oidc_secret_file: Path | None = None
    """A file with the secret that the issuer gave this service, and nothing else."""
    oidc_claim: str = "preferred_username"
    """The claim of the issuer that is the sign-in name of an account: one that its users can't choose themselves."""
    oidc_ca: Path | None = None
    """The authorities (PEM) whose certificate the issuer may show, beside those of the system."""

    stream: ClassVar[str] = "PARTY"
    """Fixed by the contract, §1."""
    consumer: ClassVar[str] = "projector"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read the settings; what is absent or empty takes its default, what can't be used raises SettingsError."""
        environ = os.environ if environ is None else environ
        found: dict[str, Any] = {}
        for name, (field, read) in VARIABLES.items():
            if not (text := environ.get(name, "").strip()):
                continue
            try:
                found[field] = read(text)
            except ValueError as error:
                raise SettingsError(Bilingual.of(error).within(f"{name}: ")) from error
        return cls(**_together(found))

    def as_environment(self) -> dict[str, str]:
        """Give the variables that make another process read these same settings."""
        values = {name: getattr(self, field, None) for name, (field, _) in VARIABLES.items()}
        return {name: str(value) for name, value in values.items() if value is not None}

    def as_gateway(self) -> Self:
        """Return these settings with the bus's user that publishes for the API; the same where none is set."""
        if not self.gateway_nats_url and self.gateway_credentials is None:
            return self
        return replace(
            self,
            nats_url=self.gateway_nats_url or self.nats_url,
            nats_credentials=self.gateway_credentials,
            nats_password_file=self.gateway_password_file,
        )

    def without_tls(self) -> Self:
        """Return these settings for servers and processes that speak among themselves on one machine."""
        return replace(
            self, nats_ca=None, nats_cert=None, nats_key=None, nats_credentials=None, nats_password_file=None,
            gateway_nats_url="", gateway_credentials=None, gateway_password_file=None, http_cert=None, http_key=None,
        )  # fmt: skip


def _together(found: dict[str, Any]) -> dict[str, Any]:
    """Look at settings that belong together; raises SettingsError."""
    for one, other in (("nats_cert", "nats_key"), ("http_cert", "http_key")):
        if (one in found) != (other in found):
            given, missing = (one, other) if one in found else (other, one)
            raise SettingsError(
                Bilingual(
                    f"phải đi cùng TONGHOP_{given.upper()}: đặt cả hai, hoặc không đặt",
                    f"goes with TONGHOP_{given.upper()}: set both, or neither",
                    before=f"TONGHOP_{missing.upper()}: ",
                )
            )
    if "oidc_issuer" in found:
        for needed in ("oidc_client", "public_url"):
            if needed not in found:
                raise SettingsError(
                    Bilingual(
                        "cần đặt cùng TONGHOP_OIDC_ISSUER",
                        "has to be set with TONGHOP_OIDC_ISSUER",
                        before=f"TONGHOP_{needed.upper()}: ",
                    )
                )
    if "gateway_password_file" in found and "gateway_nats_url" not in found:
        raise SettingsError(
            Bilingual(
                "cần TONGHOP_GATEWAY_NATS_URL có tên người dùng gateway",
                "goes with TONGHOP_GATEWAY_NATS_URL, which names the user gateway",
                before="TONGHOP_GATEWAY_PASSWORD_FILE: ",
            )
        )
    if (file := found.pop("database_password_file", None)) is not None:
        url = found.get("database_url", DEFAULT_DATABASE)
        found["database_url"] = with_keyword(url, PASSWORD_FILE, str(file))
    return found


def _file(text: str) -> Path:
    path = Path(text).expanduser().absolute()
    try:
        with path.open("rb"):
            return path
    except OSError as error:
        raise ValueError(
            Bilingual("không đọc được tệp", "the file can't be read", after=f": {path}: {error.strerror}")
        ) from error


def _folder(text: str) -> Path:
    path = Path(text).expanduser().absolute()
    if "\0" in text or not path.is_dir():
        raise ValueError(Bilingual("không có thư mục", "there is no folder", after=f": {path}"))
    return path


_NATS_SCHEMES: Final = {"nats", "tls", "ws", "wss"}


def _nats_url(text: str) -> str:
    urls = [url.strip() for url in text.split(",")]
    for url in urls:
        try:
            parts = urlsplit(url)
            good = parts.scheme in _NATS_SCHEMES and bool(parts.hostname) and parts.port != 0
        except ValueError:  # of the port, or of an IPv6 host
            good = False
        if not good:
            raise ValueError(
                Bilingual(
                    "không phải địa chỉ NATS, hãy viết ví dụ",
                    "not a NATS address, write for example",
                    after=" nats://127.0.0.1:4222",
                )
            )
    return ",".join(urls)


def _database_url(text: str) -> str:
    if not DatabaseAddress.parse(text).names_a_database:
        raise ValueError(
            Bilingual(
                "không có tên cơ sở dữ liệu, hãy viết ví dụ",
                "no database is named: write for example",
                after=" postgresql://postgres@127.0.0.1:5432/tonghop",
            )
        )
    return "postgresql" + text[text.index(":") :]


def _api_url(text: str) -> str:
    if urlsplit(text).scheme not in {"http", "https"} or not urlsplit(text).hostname:
        raise ValueError(
            Bilingual(
                "không phải địa chỉ HTTP, hãy viết ví dụ",
                "is not an HTTP address, write for example",
                before=f"{text!r} ",
                after=" http://127.0.0.1:8080",
            )
        )
    return text.rstrip("/")


_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def _issuer(text: str) -> str:
    """Take an issuer as it names itself, slash and all; without TLS only one on this machine."""
    parts = urlsplit(text)
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)):
        raise ValueError(Bilingual("phải bắt đầu bằng https://", "must begin with https://", before=f"{text!r} "))
    return text


def _origin(text: str) -> str:
    address = _api_url(text)
    if urlsplit(address).path:
        raise ValueError(
            Bilingual(
                "không được có đường dẫn, hãy viết ví dụ",
                "must have no path, write for example",
                before=f"{text!r} ",
                after=" https://figures.example.org",
            )
        )
    return address


def _word(text: str) -> str:
    if not re.fullmatch(r"[\x21-\x7e]{1,200}", text):
        raise ValueError(Bilingual("cần một từ, không có khoảng trắng", "is one word", before=f"{text!r} "))
    return text


def _unit(text: str) -> str:
    if not is_unit_id(text):
        raise ValueError(
            Bilingual(
                "không phải mã đơn vị: 1-63 ký tự a-z 0-9 _ -, bắt đầu bằng chữ cái hoặc chữ số",
                "is not a unit's id: 1-63 of a-z 0-9 _ -, starting with a letter or digit",
                before=f"{text!r} ",
            )
        )
    return text


def _replicas(text: str) -> int:
    if text not in {"1", "3", "5"}:
        raise ValueError(
            Bilingual(
                "không phải số bản sao: hãy viết 1, 3 hoặc 5",
                "is not a number of copies: write 1, 3 or 5",
                before=f"{text!r} ",
            )
        )
    return int(text)


def _path(text: str) -> str:
    if "\x00" in text:
        raise ValueError(Bilingual("không phải đường dẫn tệp", "not the path of a file"))
    return text


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.lower() not in words:
            raise ValueError(Bilingual("không phải là một trong:", "is none of:", f"{text!r} ", f" {', '.join(words)}"))
        return text.lower()

    return read


def _whole(low: int, high: int, what: Bilingual) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdecimal()) or not low <= int(text) <= high:
            raise ValueError(
                Bilingual(
                    f"không phải {what.vietnamese}: hãy viết số nguyên từ {low} đến {high}",
                    f"is not {what.english}: write a whole number from {low} to {high}",
                    before=f"{text!r} ",
                )
            )
        return int(text)

    return read


def _seconds(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", text):
        raise ValueError(
            Bilingual(
                "không phải số giây, hãy viết ví dụ 5 hoặc 0.5",
                "is not a number of seconds, write for example 5 or 0.5",
                before=f"{text!r} ",
            )
        )
    return float(text)


def _hosts(text: str) -> str:
    names = [name.strip().lower() for name in text.split(",")]
    for name in names:
        if name != "*" and not re.fullmatch(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*", name):
            raise ValueError(
                Bilingual(
                    "không phải tên máy: hãy viết ví dụ figures.example.org, *.example.org, hoặc * (bất kỳ)",
                    "is not the name of a host: write for example figures.example.org, *.example.org, or * (any)",
                    before=f"{name!r} ",
                )
            )
    return ",".join(names)


def _networks(text: str) -> str:
    try:
        return ",".join(str(ip_network(each.strip())) for each in text.split(","))
    except ValueError as error:
        raise ValueError(
            Bilingual(
                "hãy viết địa chỉ hoặc mạng, ví dụ",
                "write addresses or networks, for example",
                before=f"{error}: ",
                after=" 10.0.0.5,10.1.0.0/16",
            )
        ) from error


_PEOPLE: Final = Bilingual("số người", "a number of people")
_EVENTS: Final = Bilingual("số sự kiện", "a number of events")
_PERCENTAGE: Final = Bilingual("số phần trăm", "a percentage")
_KILOBYTES: Final = Bilingual("số kilobyte", "a number of kilobytes")
_SECONDS: Final = Bilingual("số giây", "a number of seconds")
_HOURS: Final = Bilingual("số giờ", "a number of hours")
_DAYS: Final = Bilingual("số ngày", "a number of days")
_MEGABYTES: Final = Bilingual("số megabyte", "a number of megabytes")

VARIABLES = {
    "TONGHOP_NATS_URL": ("nats_url", _nats_url),
    "TONGHOP_NATS_CA": ("nats_ca", _file),
    "TONGHOP_NATS_CERT": ("nats_cert", _file),
    "TONGHOP_NATS_KEY": ("nats_key", _file),
    "TONGHOP_NATS_CREDENTIALS": ("nats_credentials", _file),
    "TONGHOP_NATS_PASSWORD_FILE": ("nats_password_file", _file),
    "TONGHOP_HUB_NATS_URL": ("hub_nats_url", _nats_url),
    "TONGHOP_HUB_CREDENTIALS": ("hub_credentials", _file),
    "TONGHOP_LEAF_ROOM": ("leaf_room", _whole(1, 10_000_000, _MEGABYTES)),
    "TONGHOP_GATEWAY_NATS_URL": ("gateway_nats_url", _nats_url),
    "TONGHOP_GATEWAY_CREDENTIALS": ("gateway_credentials", _file),
    "TONGHOP_GATEWAY_PASSWORD_FILE": ("gateway_password_file", _file),
    "TONGHOP_DATABASE_URL": ("database_url", _database_url),
    "TONGHOP_DATABASE_PASSWORD_FILE": ("database_password_file", _file),
    "TONGHOP_ROOT": ("root", _unit),
    "TONGHOP_API_URL": ("api_url", _api_url),
    "TONGHOP_API_CA": ("api_ca", _file),
    "TONGHOP_HTTP": ("http", Address.parse),
    "TONGHOP_HTTP_CERT": ("http_cert", _file),
    "TONGHOP_HTTP_KEY": ("http_key", _file),
    "TONGHOP_METRICS_HTTP": ("metrics_http", Address.parse),
    "TONGHOP_ACCESS": ("access", _one_of(OPEN, REQUIRED)),
    "TONGHOP_PROJECTOR_HTTP": ("projector_http", Address.parse),
    "TONGHOP_REPLICAS": ("replicas", _replicas),
    "TONGHOP_SMALLEST_CELL": ("smallest_cell", _whole(1, LARGEST_SMALL_CELL, _PEOPLE)),
    "TONGHOP_SMALLEST_TABLE": ("smallest_table", _whole(1, LARGEST_SMALL_TABLE, _PEOPLE)),
    "TONGHOP_REJECT_WINDOW": ("reject_window", _whole(1, 1_000_000, _EVENTS)),
    "TONGHOP_REJECT_LIMIT": ("reject_limit", _whole(0, 100, _PERCENTAGE)),
    "TONGHOP_HOSTS": ("hosts", _hosts),
    "TONGHOP_TRUSTED_PROXIES": ("trusted_proxies", _networks),
    "TONGHOP_BEHIND_AFTER": ("behind_after", _seconds),
    "TONGHOP_REJECT_SHARE": ("reject_share", _whole(1, 100, _PERCENTAGE)),
    "TONGHOP_GROWTH_SHARE": ("growth_share", _whole(1, 100, _PERCENTAGE)),
    "TONGHOP_GROWTH_LEAST": ("growth_least", _whole(0, 10_000_000, _KILOBYTES)),
    "TONGHOP_SHUT_OUT_FILE": ("shut_out_file", _path),
    "TONGHOP_NATS_PID_FILE": ("nats_pid_file", _path),
    "TONGHOP_CREDENTIAL_KEYS": ("credential_keys", _path),
    "TONGHOP_LOG_LEVEL": ("log_level", _one_of("debug", "info", "warning", "error")),
    "TONGHOP_LOG_FORMAT": ("log_format", _one_of("auto", "json", "console")),
    "TONGHOP_TRACING": ("tracing", _one_of("off", "on")),
    "TONGHOP_PUBLIC_URL": ("public_url", _origin),
    "TONGHOP_TEMPLATES": ("templates", _folder),
    "TONGHOP_FORMS": ("forms", _folder),
    "TONGHOP_SESSION_HOURS": ("session_hours", _whole(1, 24 * 31, _HOURS)),
    "TONGHOP_PASSWORD_MEMORY": ("password_memory", _whole(19, 1024, _MEGABYTES)),
    "TONGHOP_KEEP_AUDIT": ("keep_audit", _whole(1, 36_500, _DAYS)),
    "TONGHOP_KEEP_IMPORTS": ("keep_imports", _whole(1, 36_500, _DAYS)),
    "TONGHOP_OIDC_ISSUER": ("oidc_issuer", _issuer),
    "TONGHOP_OIDC_CLIENT": ("oidc_client", _word),
    "TONGHOP_OIDC_SECRET_FILE": ("oidc_secret_file", _file),
    "TONGHOP_OIDC_CLAIM": ("oidc_claim", _word),
    "TONGHOP_OIDC_CA": ("oidc_ca", _file),
    "TONGHOP_LEAD_PATIENCE": ("lead_patience", _whole(2, 3600, _SECONDS)),
}
"""Each variable of the environment: the setting that it gives, and how it is read.

The password file of the database becomes a part of `database_url`: the file's name, not what is in it.
"""
