"""Taking an event back, and saying it anew: why is asked, what will happen is shown, then it is done (§8)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from starlette.responses import Response

from events.catalogue import CATALOGUE
from events.subjects import source_of
from events.vocabulary import Outcome
from projections.answers.report.report_answers import Said
from services.pages.asking import ProblemSaid, RefusedPage
from services.pages.entry import saying, units
from services.pages.entry.answers import path_of_event
from services.pages.entry.facts import TYPES, Fact, read_fact, typed_of
from services.pages.form_fields import fields_of
from services.pages.me import WhoAsks
from services.pages.page import Page
from services.pages.periods import today
from services.pages.screens.entry_fact import SEEN, SENT, with_fault, with_units_meant
from services.pages.screens.receipts import event_shown
from services.publishing.correction_ids import RETRACTED, replacement_stem, retraction_id
from services.publishing.lines import said_at
from services.send_answers import ACCEPTED, REFUSED, SentAnswer, SentItem
from services.sheets.event_ids import numbered

RETRACTION: Final = "/nhap/rut-lai/{publisher}/{id}"
REPLACEMENT: Final = "/nhap/thay/{publisher}/{id}"
LONGEST: Final = 1_000
"""Characters of a reason."""


class Less(NamedTuple):
    """What is counted no more: a measure, of a unit."""

    measure: str
    unit: str


class Corrected(NamedTuple):
    """The event that is corrected, and by whom."""

    me: WhoAsks
    said: Said
    data: dict[str, Any]

    @property
    def key(self) -> tuple[str, str]:
        """Return its publisher and id."""
        return self.said.publisher or "", self.said.id or ""

    @property
    def less(self) -> list[Less]:
        """Return what is counted no more once it is taken back."""
        row = CATALOGUE.get(self.said.type or "")
        if row is None or self.said.outcome != Outcome.COUNTED:
            return []
        subject = self.said.subject or ""
        return [
            Less(each.measure, subject if each.unit == "subject" else str(self.data.get(each.unit, "")))
            for each in row.counts
        ]


async def ask_why(page: Page) -> Response:
    """Show the event that is to be taken back, what will happen, and ask why."""
    return await _retraction(page, await _corrected(page))


async def take_back(page: Page) -> Response:
    """Take an event back."""
    given = await fields_of(page)
    me = await units.clerk(page)
    key, reason = (page.part("publisher"), page.part("id")), given.get("reason", "").strip()
    if not reason:
        return await _retraction(page, await _corrected(page, me), given, page.gettext("Cần ghi lý do."))
    try:
        answer = await saying.correct(page, key, "retraction", {"reason": reason})
    except RefusedPage as refused:
        if refused.said.parameter != "reason":
            raise
        fault = refused.said.told(page.language).detail
        return await _retraction(page, await _corrected(page, me), given, fault)
    return _done(page, answer)


async def ask_anew(page: Page) -> Response:
    """Show the form with what the event says, to be said right."""
    corrected = await _corrected(page)
    fact = _fact(page, corrected, typed_of(corrected.said.type or "", corrected.data))
    return await _form(page, corrected, fact._replace(faults={}), {})


async def replace(page: Page) -> Response:
    """Look at what is said in place of an event, or say it."""
    given = await fields_of(page)
    me = await units.clerk(page)
    if given.get("step") == SENT:
        # Said again it is the same events: so it is not asked whether the event still stands.
        corrected = await _corrected(page, me, standing=False)
    else:
        corrected = await _corrected(page, me)
    fact, meant = await with_units_meant(page, _fact(page, corrected, given))
    reason = given.get("reason", "").strip()
    step = given.get("step", SEEN)
    fault = None if reason else page.gettext("Cần ghi lý do.")
    if step not in {SEEN, SENT} or fact.faults or fault:
        shown = fact if step in {SEEN, SENT} else fact._replace(faults={})
        return await _form(page, corrected, shown, given, fault if shown is fact else None, meant=meant)
    if fact.data == corrected.data:
        same = page.gettext("Nội dung chưa khác gì sự kiện đang có: hãy sửa điều cần sửa.")
        return await _form(page, corrected, fact, given, problem=same)
    if step == SEEN:
        return await _look(page, corrected, fact, given)
    wanted = {"data": fact.data, "reason": reason}
    try:
        answer = await saying.correct(page, corrected.key, "replacement", wanted)
    except RefusedPage as refused:
        name = (refused.said.parameter or "").rpartition(".")[2]
        said = refused.said.told(page.language).detail
        if name == "reason":
            return await _form(page, corrected, fact, given, said)
        if name in fact.columns.named:
            return await _form(page, corrected, fact._replace(faults={name: said}), given)
        raise
    return _done(page, answer)


async def _corrected(page: Page, me: WhoAsks | None = None, *, standing: bool = True) -> Corrected:
    """Find the event. Raises RefusedPage where it is not there, or (`standing`) can't be taken back any more."""
    me = me or await units.clerk(page)
    key = (page.part("publisher"), page.part("id"))
    said = await saying.event_said(page, *key)
    if said is None:
        detail = page.gettext("Không có sự kiện này trong nhật ký.")
        raise RefusedPage(ProblemSaid(page.gettext("Không có"), detail, saying.NOT_FOUND))
    if standing and (said.outcome not in saying.HOLDS or said.type == RETRACTED):
        reason = "" if said.taken_back is None else f" ({said.taken_back.reason})"
        detail = page.gettext("Sự kiện này không còn hiệu lực hoặc không rút lại được.") + reason
        raise RefusedPage(ProblemSaid(page.gettext("Không rút lại được"), detail, HTTPStatus.CONFLICT))
    data = saying.content_of(said).get("data")
    return Corrected(me, said, data if isinstance(data, dict) else {})


async def _retraction(
    page: Page, corrected: Corrected, given: Mapping[str, str] | None = None, fault: str | None = None
) -> Response:
    return page.draw(
        "entry/retract.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if fault else 200,
        me=corrected.me,
        corrected=corrected,
        shown=await event_shown(page, corrected.said),
        names=await _names(page, corrected),
        reason=(given or {}).get("reason", ""),
        fault=fault,
        longest=LONGEST,
    )


async def _form(
    page: Page,
    corrected: Corrected,
    fact: Fact,
    given: Mapping[str, str],
    fault: str | None = None,
    *,
    problem: str | None = None,
    **more: Any,
) -> Response:
    fields = fact.fields(page.texts, more.get("meant", ()))
    faults = [each for each in fields if each.fault]
    bad = bool(faults or fault or problem)
    return page.draw(
        "entry/replace.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if bad else 200,
        me=corrected.me,
        corrected=corrected,
        names=await _names(page, corrected),
        fact=fact,
        fields=fields,
        faults=faults,
        reason=given.get("reason", ""),
        fault=fault,
        problem=problem,
        longest=LONGEST,
    )


async def _look(page: Page, corrected: Corrected, fact: Fact, given: Mapping[str, str]) -> Response:
    """Show what is said before and after, and what would become of it."""
    item = await _tried(page, corrected, fact, given.get("reason", ""))
    if item.status == REFUSED or item.outcome == Outcome.REJECTED:
        faulty = with_fault(page, fact, item)
        said = page.said(item.detail or item.reason or "")
        return await _form(page, corrected, faulty, given, problem=None if faulty.faults else said)
    before = _fact(page, corrected, typed_of(corrected.said.type or "", corrected.data))
    pairs = list(zip(await units.fields_of(page, before), await units.fields_of(page, fact), strict=True))
    return page.draw(
        "entry/replace_look.html",
        me=corrected.me,
        corrected=corrected,
        names=await _names(page, corrected),
        fact=fact,
        changed=[(one, other) for one, other in pairs if one.text or other.text],
        item=item,
        reason=given.get("reason", ""),
    )


async def _tried(page: Page, corrected: Corrected, fact: Fact, reason: str) -> SentItem:
    """Ask what would become of the event that is said anew, after the one before it is taken back."""
    publisher, event_id = corrected.key
    at, subject, kind = saying.now(), corrected.said.subject, corrected.said.type or ""
    taken = {"source": source_of(publisher), "id": event_id, "reason": reason}
    back = said_at(publisher, retraction_id(publisher, event_id), RETRACTED, subject, taken, at=at)
    stem, number = replacement_stem(publisher, event_id)
    while True:
        number += 1
        anew = said_at(publisher, numbered(stem, number), kind, subject, fact.data, at=at)
        first, item = await saying.try_all(page, [back, anew])
        if first.status == REFUSED:
            return first
        if not saying.is_known(item) or number >= saying.MOST:
            return item


def _fact(page: Page, corrected: Corrected, given: Mapping[str, str]) -> Fact:
    kind = corrected.said.type or ""
    if kind not in TYPES:
        detail = page.gettext("Loại sự kiện này không thay được ở đây: hãy rút lại, rồi nói lại.")
        raise RefusedPage(ProblemSaid(page.gettext("Không thay được"), detail, HTTPStatus.CONFLICT))
    return read_fact(kind, corrected.said.subject or "", given, page.texts, today())


async def _names(page: Page, corrected: Corrected) -> dict[str, str]:
    return await units.named(
        page, [*corrected.key[:1], corrected.said.subject, *(each.unit for each in corrected.less)]
    )


def _done(page: Page, answer: SentAnswer) -> Response:
    """Send the browser on to the receipt; of what was done before, to the event that was said last."""
    if answer.receipt is not None and any(item.status == ACCEPTED for item in answer.items):
        return page.redirect(f"/phieu/{answer.receipt}")
    last = answer.items[-1]
    if last.status == REFUSED:
        said = ProblemSaid(page.gettext("Không làm được"), last.detail or last.reason or "", HTTPStatus.CONFLICT)
        raise RefusedPage(said)
    return page.redirect(path_of_event(last))


SCREENS: Final = {
    RETRACTION: ask_why,
    f"POST {RETRACTION}": take_back,
    REPLACEMENT: ask_anew,
    f"POST {REPLACEMENT}": replace,
}
