"""What an account is answered, route by route, against a brute-force reading of section 7 of the contract.

`JUDGED` has every route that tells a figure, an event or a count; a new one fails the test until it is here, or said to
tell nothing of the kind.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import httpx

from tests.oracle.access import Granted, at_or_below, may
from tests.oracle.figures import year_before
from tests.oracle.hierarchy import LAST_KNOWN, Hierarchy
from tests.oracle.oracle import Oracle
from tests.oracle.telling import event_of
from tests.oracle.wording import FACTS, LEVELS, day_of
from tests.property.reading import BYS, RANGES
from tests.property.strategies import DAYS

TODAY: Final = dt.date(2026, 11, 28)
"""Grants end long before or long after it, whenever the test runs."""
BASES: Final = ("as-was", "as-now")
EVERYTHING: Final = "admin"
_DAY: Final = {"decided_on": "2020-05-01"}

Row = dict[str, Any]


@dataclass(frozen=True)
class Account:
    """An account, what it holds by the log, and what its token is limited to."""

    id: str
    grants: list[Granted]
    only: list[Granted] | None


@dataclass
class Seeing:
    """One account that asks a service that has read a log."""

    client: httpx.AsyncClient
    oracle: Oracle
    ledger: dict[int, Row]
    account: Account
    random: Random

    before: tuple[dt.date, dt.date] | None = None
    """Days of which is asked too, where two periods are compared."""

    def may(self, need: str, unit: str, days: tuple[dt.date, dt.date] | None = None) -> bool:
        h, account = self.oracle.hierarchy(), self.account
        return all(
            may(h, grants, need=need, unit=unit, days=days, today=TODAY, before=self.before)
            for grants in (account.grants, account.only)
            if grants is not None
        )

    async def ask(self, path: str, asked: dict[str, str]) -> httpx.Response:
        limits = [word for grant in self.account.only or () for word in (grant.role, grant.unit)]
        return await self._ask(" ".join((self.account.id, *limits)), path, asked)

    async def whole(self, path: str, asked: dict[str, str]) -> Any:
        """Ask as one who may see everything."""
        answer = await self._ask(EVERYTHING, path, asked)
        assert answer.status_code == 200, (path, asked, answer.text)
        return answer.json()

    async def _ask(self, who: str, path: str, asked: dict[str, str]) -> httpx.Response:
        return await self.client.get(path, params=asked, headers={"authorization": f"Bearer {who}"})

    async def order(self, method: str, path: str, body: bytes = b"", kind: str = "application/json") -> httpx.Response:
        """Ask for something to be done, or tried."""
        limits = [word for grant in self.account.only or () for word in (grant.role, grant.unit)]
        who = " ".join((self.account.id, *limits))
        headers = {"authorization": f"Bearer {who}", "content-type": kind}
        return await self.client.request(method, path, content=body, headers=headers)

    def one(self, values: Any) -> Any:
        return self.random.choice(values)

    def unit(self) -> str:
        units = self.oracle.hierarchy().units()
        return "nobody" if self.random.randrange(40) == 0 else str(self.one(units))

    def days(self) -> tuple[dt.date, dt.date]:
        pair = self.one(RANGES) if self.random.randrange(3) == 0 else sorted(self.random.choices(DAYS, k=2))
        first, last = (dt.date.fromisoformat(text) for text in pair)
        return first, self.one((first, last))

    async def judge(
        self, need: str, unit: str, days: tuple[dt.date, dt.date] | None, path: str, asked: dict[str, str]
    ) -> tuple[Any, Any] | None:
        """Ask about a unit; give the answer and that of one who may see everything where it has to be given."""
        answer = await self.ask(path, asked)
        told = (self.account, need, unit, days, path, asked, answer.text)
        if unit not in self.oracle.hierarchy().units():
            assert answer.status_code == 404, told
            return None
        if not self.may(need, unit, days):
            assert answer.status_code == 403, told
            assert answer.json()["unit"] == unit, told
            assert answer.json()["name"] in answer.json()["detail"], told
            assert not answer.headers.keys() & {"etag"}, told
            return None
        whole = await self._ask(EVERYTHING, path, asked)
        assert answer.status_code == whole.status_code, told
        if answer.status_code != 200:  # at an earlier position the unit may not have been known
            return None
        again = await self.client.get(
            path, params=asked, headers={**answer.request.headers, "if-none-match": answer.headers["etag"]}
        )
        assert again.status_code == 304, told
        return answer.json(), whole.json()

    def allowed_event(self, row: Row) -> bool:
        """Whether a row of a list of events may be seen: by its subject, as last known."""
        of_access = (row["type"] or "").startswith("access.")
        return self.may("keeping" if of_access else "single events", self.concerned(row))

    def concerned(self, row: Row) -> str:
        h = self.oracle.hierarchy()
        return next(unit for unit in (row["subject"], row["publisher"], self.oracle.root) if unit and h.is_known(unit))


Judge = Callable[[Seeing], Awaitable[None]]


def over(days: tuple[dt.date, dt.date]) -> dict[str, str]:
    return {"from": str(days[0]), "to": str(days[1])}


async def report(seeing: Seeing) -> None:
    unit, days, basis = seeing.unit(), seeing.days(), seeing.one(BASES)
    asked = over(days) | {"basis": basis, "by": seeing.one((*BYS[:4], "child", seeing.one(BYS)))}
    if seeing.random.randrange(3) == 0:
        asked["compare"] = "last-year"
        seeing.before = year_before(*days) if basis == "as-was" else None
    past = seeing.random.randrange(8) == 0
    if past:
        asked["position"] = str(len(seeing.ledger))
    officer = seeing.may("single events", unit, days if basis == "as-was" else None)
    if asked["by"].startswith("facet") and not officer:  # what a reader has of them: tests of privacy
        asked["by"] = "none"
    found = await seeing.judge("figures", unit, days if basis == "as-was" else None, f"/v1/units/{unit}/report", asked)
    seeing.before = None
    if found is not None:
        assert found[0] == found[1], asked


async def breakdown_of_the_past(seeing: Seeing) -> None:
    unit, days = seeing.unit(), seeing.days()
    asked = over(days) | {"by": "facet:sex", "position": str(len(seeing.ledger))}
    if seeing.may("figures", unit, days) and unit != "nobody":
        answer = await seeing.ask(f"/v1/units/{unit}/report", asked)
        assert answer.status_code == (200 if seeing.may("single events", unit, days) else 422), answer.text


async def statement(seeing: Seeing) -> None:
    unit, days, basis = seeing.unit(), seeing.days(), seeing.one(BASES)
    asked = over(days) | {"basis": basis, "say": "admissions,badges"}
    when = days if basis == "as-was" else None
    found = await seeing.judge("figures", unit, when, f"/v1/units/{unit}/statement", asked)
    if found is not None:
        assert found[0] == found[1], asked


def on_a_day(what: str) -> Judge:
    async def judge(seeing: Seeing) -> None:
        unit, on, basis = seeing.unit(), seeing.days()[0], seeing.one(BASES)
        asked = {"on": str(on), "basis": basis}
        days = (on, on) if basis == "as-was" else None
        found = await seeing.judge("figures", unit, days, f"/v1/units/{unit}/{what}", asked)
        if found is not None:
            assert found[0] == found[1], asked

    return judge


async def history(seeing: Seeing) -> None:
    unit = seeing.unit()
    found = await seeing.judge("figures", unit, None, f"/v1/units/{unit}/history", {})
    if found is not None:
        assert found[0] == found[1], unit


async def events(seeing: Seeing) -> None:
    unit, days, basis = seeing.unit(), seeing.days(), seeing.one(BASES)
    asked = over(days) | {"basis": basis}
    when = days if basis == "as-was" else None
    found = await seeing.judge("single events", unit, when, f"/v1/units/{unit}/events", asked)
    if found is not None:
        assert found[0] == found[1], asked


async def findings(seeing: Seeing) -> None:
    unit, days = seeing.unit(), seeing.days()
    asked = over(days) | {"limit": "1000"}
    found = await seeing.judge("single events", unit, days, f"/v1/units/{unit}/findings", asked)
    if found is None:
        return
    subjects = {row["position"]: row["subject"] for row in seeing.ledger.values()}
    for each in found[1]["findings"]:
        *others, _ = each["events"]
        for event in others:
            day = dt.date.fromisoformat(event["day"])
            if not seeing.may("single events", subjects[event["position"]], (day, day)):
                event.update(dict.fromkeys(("publisher", "id", "position", "day")))
    assert found[0] == found[1], asked


async def difference_of_bases(seeing: Seeing) -> None:
    unit, days = seeing.unit(), seeing.days()
    asked = over(days) | {"basis": seeing.one(BASES)}
    found = await seeing.judge("figures", unit, None, f"/v1/units/{unit}/difference", asked)
    if found is not None:
        assert found[0] == found[1], asked


async def difference_of_positions(seeing: Seeing) -> None:
    unit, days, basis = seeing.unit(), seeing.days(), seeing.one(BASES)
    asked = over(days) | {"basis": basis, "position": str(seeing.random.randrange(len(seeing.ledger) + 1))}
    when = days if basis == "as-was" else None
    found = await seeing.judge("figures", unit, when, f"/v1/units/{unit}/difference", asked | {"limit": "1000"})
    if found is None:
        return
    answer, whole = found
    if seeing.may("single events", unit, when):
        assert answer == whole, asked
        return
    assert answer["reconciled"], answer
    assert {**answer, "contributions": []} == {**whole, "contributions": []}, asked
    for change in ("counted", "retracted", "reorganised"):
        ours, theirs = ([c for c in each["contributions"] if c["change"] == change] for each in (answer, whole))
        if change == "reorganised":
            assert ours == theirs, asked
            continue
        assert not any(c.get("said") for c in ours), "an event is named"
        assert len({str(c.get("unit")) for c in ours}) == len(ours), "one sum a unit"
        for measure in answer["total"]:
            assert sum(c["values"][measure] for c in ours) == sum(c["values"][measure] for c in theirs), (asked, change)


async def silence(seeing: Seeing) -> None:
    unit, days = seeing.unit(), seeing.days()
    asked = over(days) | {"limit": "1000"}
    if seeing.random.randrange(3) == 0:
        asked["level"] = seeing.one(LEVELS)
    found = await seeing.judge("figures", unit, days, f"/v1/units/{unit}/silence", asked)
    if found is None:
        return
    answer, whole = found
    h = seeing.oracle.hierarchy()
    looked = [
        u
        for u in h.units()
        if h.is_active(u, days[1]) and unit in h.ancestors(u, days[1]) and h.is_active(unit, days[1])
        if asked.get("level") in {None, h.level(u, days[1])}
    ]
    seen = {u for u in looked if seeing.may("figures", u, days)}
    assert (whole["asked"], answer["asked"]) == (len(looked), len(seen)), (unit, days, looked, seen)
    for name in ("silent", "only_zero", "declared_zero", "differing", "admitted_nobody"):
        listed = "figures" if name == "differing" else "units"
        right = [row for row in whole[name][listed] if (row["id"] if "id" in row else row["unit"]["id"]) in seen]
        assert (answer[name][listed], answer[name]["count"]) == (right, len(right)), (name, unit, days)


async def one_event(seeing: Seeing) -> None:
    row = seeing.one(list(seeing.ledger.values()))
    if row["id"] is None or row["publisher"] is None:
        return
    h, made_up = seeing.oracle.hierarchy(), seeing.random.randrange(5) == 0
    publisher, event_id = row["publisher"], "made-up" if made_up else row["id"]
    answer = await seeing.ask(f"/v1/events/{publisher}/{event_id}", {})
    sender = h.is_known(publisher) and (seeing.may("sending", publisher) or seeing.may("single events", publisher))
    sender = sender or (not h.is_known(publisher) and seeing.may("single events", seeing.oracle.root))
    seen = False
    if not made_up:
        same = [r for r in seeing.ledger.values() if (r["publisher"], r["id"]) == (publisher, event_id)]
        first = next(r for r in same if r["first"])
        of_access = (first["type"] or "").startswith("access.")
        seen = seeing.allowed_event(first)
        entry = next(e for e in seeing.oracle.entries if e.position == first["position"])
        if entry.event is not None and entry.event["type"] in FACTS:
            day = day_of(entry.event)
            units = {entry.event["subject"], entry.event["data"].get("to", entry.event["subject"])}
            seen = seen or any(seeing.may("single events", u, (day, day)) for u in units if h.is_known(u))
        if h.is_known(publisher) and not of_access:
            seen = seen or seeing.may("sending", publisher)
    told = (seeing.account, row, made_up, answer.text)
    assert answer.status_code == (200 if seen else 404 if sender else 403), told
    if seen:
        assert answer.json() == await seeing.whole(f"/v1/events/{publisher}/{event_id}", {}), told
    else:
        assert (row["subject"] or "-") not in answer.text or row["subject"] in {publisher, None}, told


async def outcomes(seeing: Seeing) -> None:
    asked = {"outcome": seeing.one(("parked", "rejected", "any")), "limit": "1000"}
    if seeing.random.randrange(2):
        answer = await seeing.ask("/v1/outcomes", asked)
        assert answer.status_code == 200
        found = (answer.json(), await seeing.whole("/v1/outcomes", asked))
    else:
        unit = seeing.unit()
        asked["unit"] = unit
        judged = await seeing.judge("single events", unit, None, "/v1/outcomes", asked)
        if judged is None:
            return
        found = judged
    answer, whole = found
    right = [row for row in whole["outcomes"] if seeing.allowed_event(row)]
    assert answer["outcomes"] == right, (seeing.account, asked)
    if "unit" not in asked and right:
        page = (await seeing.ask("/v1/outcomes", asked | {"limit": "1"})).json()
        assert page["outcomes"] == right[:1], "a page is full"
        assert (page["next"] is None) == (len(right) == 1)


async def rejects(seeing: Seeing) -> None:
    answer = (await seeing.ask("/v1/rejects", {"limit": "1000"})).json()
    whole = await seeing.whole("/v1/rejects", {"limit": "1000"})
    h, root = seeing.oracle.hierarchy(), seeing.oracle.root

    def seen(row: Row) -> bool:
        unit = row["publisher"] if row["publisher"] is not None and h.is_known(row["publisher"]) else root
        return seeing.may("single events", unit)

    right = whole["publishers"] if seeing.may("operating", root) else [row for row in whole["publishers"] if seen(row)]
    assert answer["publishers"] == right, seeing.account


async def receipts(seeing: Seeing) -> None:
    asked = {"from": "1", "to": str(len(seeing.ledger))}
    answer = (await seeing.ask("/v1/receipts", asked)).json()
    whole = await seeing.whole("/v1/receipts", asked)
    h = seeing.oracle.hierarchy()

    def seen(row: Row) -> bool:
        said = seeing.ledger[row["position"]]
        publisher, of_access = said["publisher"], (said["type"] or "").startswith("access.")
        sent = publisher is not None and h.is_known(publisher) and seeing.may("sending", publisher) and not of_access
        return sent or seeing.allowed_event(said)

    assert answer["receipts"] == [row for row in whole["receipts"] if seen(row)], seeing.account


async def status(seeing: Seeing) -> None:
    answer = await seeing.ask("/v1/status", {})
    assert answer.status_code == (200 if seeing.may("operating", seeing.oracle.root) else 403), seeing.account


async def dry_run(seeing: Seeing) -> None:
    units = [seeing.unit() for _ in range(8)]
    events = [event_of(u, f"dry-{n}", "member.admitted", u, {"member": "1", **_DAY}) for n, u in enumerate(units)]
    body = "\n".join(map(json.dumps, events)).encode()
    answer = await seeing.order("POST", "/v1/events?dry_run=true", body, "application/x-ndjson")
    known = seeing.oracle.hierarchy().units()
    for unit, item in zip(units, answer.json()["items"], strict=True):
        may = unit in known and seeing.may("sending", unit)
        assert (item["reason"] == "forbidden") == (not may), (seeing.account, unit, item)
        assert may or item.get("outcome") is None, item


def correction(what: str) -> Judge:
    async def judge(seeing: Seeing) -> None:
        unit = seeing.unit()
        body = json.dumps({"reason": "x", **({"data": {}} if what == "replacement" else {})}).encode()
        answer = await seeing.order("POST", f"/v1/events/{unit}/made-up/{what}", body)
        may = unit in seeing.oracle.hierarchy().units() and seeing.may("sending", unit)
        assert answer.status_code == (404 if may else 403), (seeing.account, unit, answer.text)

    return judge


def of_nobody(method: str, path: str) -> Judge:
    async def judge(seeing: Seeing) -> None:
        answer = await seeing.order(method, path.format(unit=seeing.unit()), b"{}")
        assert answer.status_code == 404, (seeing.account, path, answer.text)

    return judge


async def template(seeing: Seeing) -> None:
    unit = seeing.unit()
    answer = await seeing.order("GET", f"/v1/units/{unit}/templates/member.admitted.xlsx")
    known, may = unit in seeing.oracle.hierarchy().units(), seeing.may("sending", unit)
    assert answer.status_code == (404 if not known else 200 if may else 403), (seeing.account, unit, answer.text)


async def news(seeing: Seeing) -> None:
    """Ask for the stream's head alone, which is decided like all of it."""
    unit, days = seeing.unit(), seeing.one((None, seeing.days()))
    between = "" if days is None else f"?from={days[0]}&to={days[1]}"
    answer = await seeing.order("HEAD", f"/v1/units/{unit}/news{between}")
    known, may = unit in seeing.oracle.hierarchy().units(), seeing.may("figures", unit, days)
    assert answer.status_code == (404 if not known else 200 if may else 403), (seeing.account, unit, days)


async def import_sheet(seeing: Seeing) -> None:
    """Send a sheet that names units of all parts: it is taken at some units, and of its rows those below alone."""
    h, unit = seeing.oracle.hierarchy(), seeing.unit()
    units = [seeing.unit() for _ in range(6)]
    rows = [f"{each};{n};01/05/2020" for n, each in enumerate(units)]
    sheet = "\n".join(("Đơn vị;Mã đảng viên;Ngày quyết định", *rows)).encode()
    made = await seeing.order("POST", f"/v1/units/{unit}/imports?type=member.admitted", sheet, "text/csv")
    known, may = unit in h.units(), seeing.may("sending", unit)
    told = (seeing.account, unit, units, made.text)
    assert made.status_code == (404 if not known else 201 if may else 403), told
    listed = (await seeing.ask("/v1/imports", {})).json()["imports"]
    assert all(seeing.may("sending", each["unit"]) for each in listed), told
    if made.status_code != 201:
        return
    for each, row in zip(units, made.json()["rows"], strict=True):
        may = each in h.units() and seeing.may("sending", each)
        refused = row["reason"] in {"unknown_unit", "forbidden"}
        assert refused or may, (told, row)
        assert not (refused and may and at_or_below(h, each, unit, LAST_KNOWN)), (told, row)
    import_ = made.json()["import"]
    assert import_ in {each["import"] for each in listed}, told
    path = f"/v1/imports/{import_}"
    assert (await seeing.ask(path, {})).json() == made.json(), told
    for other in ("a-dddddddddddddddd", EVERYTHING):
        headers = {"authorization": f"Bearer {other}"}
        for method, where in (("GET", path), ("DELETE", path), ("POST", f"{path}/send"), ("GET", f"{path}.xlsx")):
            answer = await seeing.client.request(method, where, headers=headers)
            assert answer.status_code == 404, (other, method, where)
    assert (await seeing.order("DELETE", path)).status_code == 204


async def form(seeing: Seeing) -> None:
    """Judge a form; what a reader is shown of the breakdowns in it has tests of its own."""
    unit = seeing.unit()
    asked = {"from": "2023-01-01", "to": "2023-01-31", "basis": "as-now"}
    found = await seeing.judge("figures", unit, None, f"/v1/units/{unit}/forms/8", asked)
    if found is not None and seeing.may("single events", unit, None):
        assert found[0] == found[1], asked


def for_everybody(path: str, **more: str) -> Judge:
    async def judge(seeing: Seeing) -> None:
        unit = seeing.one(seeing.oracle.hierarchy().units())
        asked = {"q": "u"} if path == "/v1/units" else more
        answer = await seeing.ask(path.format(unit=unit), asked)
        assert answer.json() == await seeing.whole(path.format(unit=unit), asked)

    return judge


async def search(seeing: Seeing) -> None:
    """Search at or below a unit: whoever asks is told the same, and no unit of another part."""
    h, unit = seeing.oracle.hierarchy(), seeing.unit()
    everywhere = (await seeing.whole("/v1/units", {"q": "u", "limit": "1000"}))["units"]
    asked = {"q": "u", "within": unit, "limit": "1000"}
    answer = await seeing.ask("/v1/units", asked)
    if not h.is_known(unit):
        assert (answer.status_code, answer.json()["unit"]) == (404, unit)
        return
    right = [each for each in everywhere if unit in _lineage(h, each["id"])]
    assert answer.json()["units"] == right, (unit, answer.text)
    assert answer.json() == await seeing.whole("/v1/units", asked)


def _lineage(h: Hierarchy, unit: str) -> list[str]:
    """Return a unit and what is above it as last known; the dissolved stay between others."""
    up = h.raw_parent(unit, LAST_KNOWN)
    return [unit, *([] if up is None else _lineage(h, up))]


JUDGED: Final[dict[str, tuple[Judge, ...]]] = {
    "/v1/units": (for_everybody("/v1/units"), search),
    "/v1/units/{unit}": (for_everybody("/v1/units/{unit}"),),
    "/v1/units/{unit}/tree": (for_everybody("/v1/units/{unit}/tree"),),
    "/v1/units/{unit}/changes": (for_everybody("/v1/units/{unit}/changes"),),
    "/v1/units/{unit}/then-and-now": (for_everybody("/v1/units/{unit}/then-and-now", on="2023-01-15"),),
    "/v1/forms": (for_everybody("/v1/forms"),),
    "/v1/units/{unit}/forms/{form}": (form,),
    "/v1/units/{unit}/report": (report, report, report, breakdown_of_the_past),
    "/v1/units/{unit}/events": (events, events),
    "/v1/units/{unit}/findings": (findings,) * 4,
    "/v1/units/{unit}/history": (history,),
    "/v1/units/{unit}/difference": (difference_of_bases, *[difference_of_positions] * 3),
    "/v1/units/{unit}/indicators": (on_a_day("indicators"),),
    "/v1/units/{unit}/targets": (on_a_day("targets"),),
    "/v1/units/{unit}/silence": (silence,) * 5,
    "/v1/units/{unit}/statement": (statement,),
    "/v1/units/{unit}/news": (news,),
    "/v1/events/{publisher}/{id}": (one_event, one_event, one_event),
    "/v1/outcomes": (outcomes,) * 4,
    "/v1/moment": (for_everybody("/v1/moment"),),
    "/v1/rejects": (rejects,),
    "/v1/receipts": (receipts,),
    "/v1/receipts/{receipt}": (of_nobody("GET", f"/v1/receipts/r-{'0' * 32}"),),
    "/v1/events": (dry_run,),
    "/v1/events/{publisher}/{id}/retraction": (correction("retraction"),),
    "/v1/events/{publisher}/{id}/replacement": (correction("replacement"),),
    "/v1/units/{unit}/templates/{type}.xlsx": (template,),
    "/v1/units/{unit}/imports": (import_sheet,),
    "/v1/imports": (import_sheet,),
    "/v1/imports/{import}": (of_nobody("GET", f"/v1/imports/i-{'0' * 32}"),),
    "/v1/imports/{import}.xlsx": (of_nobody("GET", f"/v1/imports/i-{'0' * 32}.xlsx"),),
    "/v1/imports/{import}/send": (of_nobody("POST", f"/v1/imports/i-{'0' * 32}/send"),),
    "/v1/imports/{import}/rows/{row}": (of_nobody("PATCH", f"/v1/imports/i-{'0' * 32}/rows/2"),),
    "/v1/units/{unit}/imports/{import}/rows/{row}": (
        of_nobody("PATCH", f"/v1/units/{{unit}}/imports/i-{'0' * 32}/rows/2"),
    ),
    "/v1/status": (status,),
}
NOTHING_OF_THE_KIND: Final = frozenset(
    {
        *("/openapi.json", "/docs", "/v1/me", "/v1/sessions", "/v1/sessions/{session}"),
        *("/v1/tokens", "/v1/tokens/{token}", "/v1/audit"),
        *("/v1/accounts", "/v1/accounts/{account}/invitation"),
        *("/v1/accounts/{account}/disable", "/v1/accounts/{account}/enable"),
        *("/v1/units/{unit}/grants", "/v1/units/{unit}/grants/{account}/{role}"),
    }
)
"""Routes that tell of accounts and their roles; they have tests of their own."""
