"""Packs under attack: a byte changed, another's events, a credential that stands no more, files that would grow."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services import bus_accounts
from services.bus_credentials import accounts, below, claims, hub, issuing
from services.bus_credentials.hub import Hub
from services.bus_credentials.keys import Keys
from services.bus_credentials.revoking import revoke
from services.bus_credentials.signing import ACCOUNT, USER, Key
from services.packing import pack, whose
from services.packing.pack import PackError
from services.publishing import credentials as credentials_file
from services.publishing.lines import Line, read_line

PROVINCE, UNIT, OTHER = "thanh-hoa", "xa-nga-son", "bac-ninh"


class Office:
    """The hub's keys, and who was given a credential."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keys = accounts.make(folder / "keys", anybody=False)

    def hub(self, *shut_out: str) -> Hub:
        self.keys = accounts.make(self.keys.folder, anybody=False)
        file = self.folder / "signed.conf"
        file.write_text(accounts.configuration(self.keys, accounts.sign(self.keys, shut_out), "$TONGHOP_ACCOUNTS"))
        return hub.read(file)

    def unit(self, unit: str) -> tuple[str, str]:
        (made,) = issuing.issue(self.keys, bus_accounts.UNIT, [unit], until=None, by="a test")
        return self.read(made.text)

    def leaf(self, *units: str) -> tuple[str, str]:
        below.write(self.keys.folder, below.of(PROVINCE, units, at=0))
        self.keys = accounts.make(self.keys.folder, anybody=False)
        return self.read(issuing.issue_below(self.keys, PROVINCE, until=None, by="a test").text)

    def read(self, text: str) -> tuple[str, str]:
        (self.folder / "one.creds").write_text(text)
        return credentials_file.jwt_and_seed(self.folder / "one.creds")

    def signed(self, signer: Key, account: str, *, until: int | None = None, **said: Any) -> tuple[str, str]:
        own = Key.make(USER)
        described = claims.credential(account) | said
        return signer.sign(own.public, UNIT, described, at=int(time.time()), until=until), own.seed

    def packed(self, text: bytes) -> pack.Pack:
        file = self.folder / "one.pack"
        file.write_bytes(text)
        return pack.read(file)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return Office(tmp_path_factory.mktemp("office"))


def lines_of(*units: str) -> list[Line]:
    found = []
    for number, unit in enumerate(units, 1):
        body = {"specversion": "1.0", "id": f"d-{number}", "source": f"/units/{unit}"}
        body |= {"type": "member.admitted", "subject": unit, "time": "2023-12-04T09:30:00+07:00"}
        line = read_line(
            number, json.dumps(body | {"data": {"member": f"m{number}", "decided_on": "2023-12-01"}}).encode()
        )
        assert isinstance(line, Line)
        found.append(line)
    return found


def test_what_a_unit_has_packed_comes_out_as_it_was(office: Office) -> None:
    lines = lines_of(UNIT, UNIT)
    found = office.packed(pack.made(lines, *office.unit(UNIT)))
    whose.check(found, office.hub())
    assert [(line.subject, line.body, line.message_id) for line in found.lines] == [
        (line.subject, line.body, line.message_id) for line in lines
    ]
    found = office.packed(pack.made(lines_of(UNIT, PROVINCE), *office.leaf(UNIT)))
    whose.check(found, office.hub())


def test_any_byte_that_is_another_refuses_the_pack(office: Office) -> None:
    text = pack.made(lines_of(UNIT, UNIT), *office.unit(UNIT))
    for place in range(0, len(text), 41):
        for changed in (text[place] ^ 1, 0x0A):
            altered = text[:place] + bytes([changed]) + text[place + 1 :]
            if altered != text:
                with pytest.raises(PackError):
                    office.packed(altered)
    for altered in (
        text[:-1],
        text + b"\n",
        text + text,
        text[: len(text) // 2],
        b"",
        b"\n\n",
        text.replace(b"\n", b"\r\n"),
    ):
        with pytest.raises(PackError):
            office.packed(altered)


def test_events_of_another_refuse_the_pack_and_are_named(office: Office) -> None:
    for credential in (office.unit(UNIT), office.leaf(UNIT)):
        found = office.packed(pack.made(lines_of(UNIT, OTHER), *credential))
        with pytest.raises(PackError, match=rf"2: {OTHER} d-2"):
            whose.check(found, office.hub())


def test_a_unit_that_is_below_no_more_is_no_more_the_leafs(office: Office) -> None:
    credential = office.leaf(UNIT, OTHER)
    found = office.packed(pack.made(lines_of(OTHER), *credential))
    whose.check(found, office.hub())
    below.write(office.keys.folder, below.of(PROVINCE, [UNIT], at=1))
    with pytest.raises(PackError, match=OTHER):
        whose.check(found, office.hub())


def test_who_was_taken_back_or_is_shut_out_or_over_packs_no_more(office: Office) -> None:
    credential = office.unit("xa-bi-thu-hoi")
    found = office.packed(pack.made(lines_of("xa-bi-thu-hoi"), *credential))
    whose.check(found, office.hub())
    with pytest.raises(PackError, match="shut out"):
        whose.check(found, office.hub("xa-bi-thu-hoi"))
    revoke(office.keys, bus_accounts.UNIT, "xa-bi-thu-hoi", by="a test")
    with pytest.raises(PackError, match="taken back"):
        whose.check(found, office.hub())
    units = office.keys.identities.accounts[bus_accounts.UNITS]
    over = office.signed(office.keys.of_user(bus_accounts.UNIT), units, until=int(time.time()) - 1)
    with pytest.raises(PackError, match="was good until"):
        whose.check(office.packed(pack.made(lines_of(UNIT), *over)), office.hub())


FORGED: dict[str, Callable[[Office, Keys], tuple[Key, str]]] = {
    "by its own maker": lambda office, _: (Key.make(ACCOUNT), office.keys.identities.accounts["UNITS"]),
    "by another hub": lambda _, other: (other.of_user("unit"), other.identities.accounts["UNITS"]),
    "by another hub, as of this": lambda office, other: (
        other.of_user("unit"),
        office.keys.identities.accounts["UNITS"],
    ),
    "by the gateway's key": lambda office, _: (
        office.keys.of_user("gateway"),
        office.keys.identities.accounts["GATEWAY"],
    ),
    "by the projector's key, as of units": lambda office, _: (
        office.keys.of_user("projector"),
        office.keys.identities.accounts["UNITS"],
    ),
}


@pytest.mark.parametrize("how", FORGED)
def test_a_credential_that_is_none_of_the_hubs_signs_nothing(office: Office, tmp_path: Path, how: str) -> None:
    signer, account = FORGED[how](office, accounts.make(tmp_path / "other", anybody=False))
    found = office.packed(pack.made(lines_of(UNIT), *office.signed(signer, account)))
    with pytest.raises(PackError, match="no credential of this bus"):
        whose.check(found, office.hub())


def test_a_stolen_jwt_without_its_seed_signs_nothing(office: Office) -> None:
    jwt, _ = office.unit(UNIT)
    with pytest.raises(PackError, match="altered"):
        office.packed(pack.made(lines_of(UNIT), jwt, Key.make(USER).seed))


def test_what_a_server_has_a_client_sign_is_no_pack(office: Office) -> None:
    """A client signs the text that a server gives it when it signs in: no text begins as what is signed here."""
    jwt, seed = office.unit(UNIT)
    text = pack.made(lines_of(UNIT), jwt, seed)
    head, _, body = text.split(b"\n", 2)
    for nonce in (head.decode(), "tonghop-pack-1\n" + head.decode(), "\xfftonghop-pack-1\n" + head.decode()):
        signature = Key.of(seed).signature(nonce.encode())
        with pytest.raises(PackError, match="altered"):
            office.packed(b"%s\n%s\n%s" % (head, signature.encode(), body))


HOSTILE = {
    "no end of line": b'{"tonghop_pack":' + b"9" * 200_000,
    "deep": b'{"tonghop_pack":1,"unit":' + b"[" * 16_000 + b"\n\n",
    "a deep credential": b'{"tonghop_pack":1,"unit":"u","events":1,"bytes":1,"sha256":"","packed":"","credential":"a.'
    + b"W1tb" * 3_500
    + b'.c"}\nx\n\n',
    "not UTF-8": b'{"tonghop_pack":1,"unit":"\xff\xfe"}\nx\n',
    "another version": b'{"tonghop_pack":2,"unit":"u","events":0,"bytes":0,"sha256":"","packed":"",'
    b'"credential":"a.e30.c"}\n\n',
    "a zip": b"PK\x03\x04" + b"\0" * 1_000,
    "too long": b'{"tonghop_pack":1}\n\n' + b"\n" * 1_000_000,
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_refused(office: Office, what: str) -> None:
    with pytest.raises(PackError):
        office.packed(HOSTILE[what])


def test_a_pack_is_bounded_though_its_maker_may_sign(
    office: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    credential = office.unit(UNIT)
    two, three = (pack.made(lines_of(*[UNIT] * number), *credential) for number in (2, 3))
    monkeypatch.setattr(pack, "MOST_EVENTS", 2)
    with pytest.raises(PackError, match="at most"):
        pack.made(lines_of(UNIT, UNIT, UNIT), *credential)
    assert len(office.packed(two).lines) == 2
    with pytest.raises(PackError, match="as many lines"):
        office.packed(three)
    monkeypatch.setattr(pack, "MOST_BYTES", 300)
    with pytest.raises(PackError):
        office.packed(two)
    for missing in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(PackError, match="can't be read"):
            pack.read(missing)


def test_what_no_door_takes_refuses_the_pack(office: Office) -> None:
    (good,) = lines_of(UNIT)
    granted = good.body.replace(b"member.admitted", b"access.granted")
    for body in (b"{}", b"", b"[" * 10_000, b"x" * 40_000, granted):
        with pytest.raises(PackError, match="line 2"):
            office.packed(pack.made([good, good._replace(body=body)], *office.unit(UNIT)))
