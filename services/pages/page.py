"""One page for one browser: what it is asked with, what it asks of `/v1`, and how it is drawn."""

from __future__ import annotations

import datetime as dt
import gzip
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import cache, partial
from http import HTTPStatus
from typing import Any, Final, TypeAlias
from urllib.parse import quote

import jinja2
import structlog
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from events.names import UNSEEN, harmless
from events.vocabulary import LEVELS
from projections.answers.access.needs import Need
from services.needs import needs
from services.pages import assets, periods, shown, words
from services.pages.asking import Ask, ProblemSaid, Questions, RefusedPage, Value, address_of, in_language, path_of
from services.pages.me import WhoAsks
from services.pages.texts import LANGUAGES, Language, Texts, language_of, texts

Screen: TypeAlias = Callable[["Page"], Awaitable[Response]]

LANGUAGE: Final = "tonghop-lang"
ONCE: Final = frozenset({"cursor", "lang", "trang"})
"""Parameters that are of one page alone, and go along to no other."""
_A_YEAR: Final = 365 * 24 * 3_600
_SMALL: Final = 1_000
"""Bytes up to which a page is not worth compressing."""
HEADERS: Final[Mapping[str, str]] = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "cache-control": "private, no-cache",
    "referrer-policy": "same-origin",
    "vary": "Cookie, Accept-Encoding",
}
_unseen: Final = re.compile(f"(?![\n\t])[{UNSEEN}]").search
_log = structlog.get_logger()


class Page:
    """A request for a page."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.asking = Questions(request)
        self.query = request.query_params
        chosen = language_of(self.query.get("lang")) or language_of(request.cookies.get(LANGUAGE))
        self.language: Language = chosen or "vi"
        self.texts: Texts = texts(self.language)
        self.gettext = self.texts.gettext
        self.ngettext = self.texts.ngettext

    @property
    def path(self) -> str:
        """Return the path of its address."""
        return self.request.url.path

    def part(self, name: str) -> str:
        """Return a part of the path."""
        return str(self.request.path_params[name])

    def me(self) -> Ask[WhoAsks]:
        """Ask who asks; it goes with the other questions of a page."""
        return Ask(path_of("me"), WhoAsks, {})

    def said(self, text: str) -> str:
        """Return what `/v1` says in two languages in the one of this page."""
        return in_language(text, self.language)

    def day(self, name: str, text: str | None = None, *, needed: bool = False) -> dt.date | None:
        """Read a day of the address, or one that was typed as `text`: 2023-11-28, or as people write it: 28/11/2023.

        None where none is given. Raises RefusedPage for another text, and where none is given that is `needed`.
        """
        given = (self.query.get(name, "") if text is None else text).strip()
        try:
            return periods.read_day(given) if given or needed else None
        except ValueError as error:
            raise RefusedPage.unfit(name, self.gettext("Cần một ngày: 28/11/2023 hoặc 2023-11-28.")) from error

    def kept(self, *but: str) -> dict[str, str]:
        """Return the parameters of its address that go along to another, `but` some and those of ONCE."""
        return {name: value for name, value in self.query.items() if name not in ONCE and name not in but}

    def only(self, *names: str) -> dict[str, str]:
        """Return those of some parameters that its address has."""
        return {name: self.query[name] for name in names if self.query.get(name)}

    def link(self, path: str | None = None, **changes: Value) -> str:
        """Return the address of this page, or of another with the same parameters, with some of them changed.

        `from_` stands for `from`; None leaves a parameter out, as does what is only of one page (ONCE).
        """
        kept: dict[str, Value] = {**self.kept()}
        for name, value in changes.items():
            kept.pop(name.removesuffix("_"), None)
            kept[name.removesuffix("_")] = value
        return address_of(self.path if path is None else path, kept)

    def draw(self, template: str, /, status: int = 200, again: str | None = None, **context: Any) -> Response:
        """Draw a page. In the templates are: `page`, `_`, what `shown` writes, and what is given."""
        text = environment(self.language).get_template(template).render(page=self, **context)
        body = text.encode()
        headers = {**HEADERS, "content-language": self.language}
        headers["speculation-rules"] = f'"{assets.address("speculation.json")}"'
        headers |= {} if again is None else {"retry-after": again}
        if len(body) > _SMALL and self._compresses():
            body = gzip.compress(body, 6, mtime=0)
            headers["content-encoding"] = "gzip"
        response = Response(body, status, headers, "text/html; charset=utf-8")
        if language_of(self.query.get("lang")) is not None:
            response.set_cookie(LANGUAGE, self.language, max_age=_A_YEAR, path="/", httponly=True, samesite="lax")
        return response

    def draw_once(self, template: str, /, **context: Any) -> Response:
        """Draw a page with what is shown once: no browser keeps it, not for the way back either."""
        response = self.draw(template, **context)
        response.headers["cache-control"] = "no-store"
        return response

    def redirect(self, address: str) -> Response:
        """Send the browser on to an address of ours, after what it sent."""
        return RedirectResponse(address, HTTPStatus.SEE_OTHER, {"cache-control": "no-store"})

    def require_own(self) -> None:
        """Raise RefusedPage where a form was not sent by a page of ours: a page elsewhere may not act for anybody."""
        headers = self.request.headers
        fetched, origin = headers.get("sec-fetch-site"), headers.get("origin")
        ours = origin is None or origin.split("://", 1)[-1].lower() == headers.get("host", "").lower()
        if not (ours if fetched is None else fetched in {"same-origin", "none"}):
            detail = self.gettext("Biểu mẫu này không được gửi từ trang của dịch vụ.")
            raise RefusedPage(ProblemSaid(self.gettext("Không có quyền"), detail, HTTPStatus.FORBIDDEN))

    def _compresses(self) -> bool:
        """Tell whether it is compressed: never for a page elsewhere that could guess by the length what is in ours."""
        headers = self.request.headers
        asked_by_us = headers.get("sec-fetch-site") in {"same-origin", "none"}
        return asked_by_us and "gzip" in headers.get("accept-encoding", "")


def served(screen: Screen) -> Callable[[Request], Awaitable[Response]]:
    """Make a route of a screen: what is refused is a page in words, with the same status."""

    @needs(Need.OPEN)  # what it asks of `/v1` is not
    async def endpoint(request: Request) -> Response:
        page = Page(request)
        try:
            return await screen(page)
        except RefusedPage as refused:
            return refusal_page(page, refused)
        except Exception:  # noqa: BLE001 - whatever it is, a browser is told in words
            _log.exception("a page can't be drawn", path=page.path)
            said = ProblemSaid(
                page.gettext("Lỗi của dịch vụ"), page.gettext("Xin thử lại; người vận hành xem được nhật ký.")
            )
            return page.draw("problem.html", HTTPStatus.INTERNAL_SERVER_ERROR, said=said)

    return endpoint


def refusal_page(page: Page, refused: RefusedPage) -> Response:
    """Draw what is refused in words, with the same status; who is not known is sent to sign in, and comes back."""
    if refused.said.status == HTTPStatus.UNAUTHORIZED:
        asked = page.path + (f"?{page.request.url.query}" if page.request.url.query else "")
        back = f"?next={quote(asked, safe='')}" if page.request.method == "GET" else ""
        return page.redirect(f"/sign-in{back}")
    said = refused.said.told(page.language)
    return page.draw("problem.html", said.status, refused.again, said=said)


@cache
def environment(language: Language) -> jinja2.Environment:
    """Return what draws templates in a language: everything is escaped, and what is not there is an error."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("services.pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        auto_reload=False,
    )
    spoken = texts(language)
    made.install_gettext_callables(spoken.gettext, spoken.ngettext, newstyle=True)  # type: ignore[attr-defined]
    made.filters |= {
        "n": shown.number,
        "change": shown.change,
        "percent": shown.percentage,
        "day": shown.day,
        "moment": shown.moment,
        "measure": partial(words.measure, language),
        "figure": partial(words.figure, language),
        **{kind: partial(words.word, language, kind) for kind in words.KINDS},
    }
    made.globals["levels"] = {code: words.word(language, "level", code) for code in LEVELS}
    made.globals |= {"asset": assets.address, "languages": LANGUAGES, "today": periods.today}
    return made


def _shown(value: object) -> object:
    """Write what can't be seen as an escape: a name that the log took may turn the text around it, or hide in it."""
    if isinstance(value, Markup):  # it was escaped before, and is of our templates but for what they hold
        return Markup(harmless(value, lines=True)) if _unseen(value) else value  # noqa: S704
    if not isinstance(value, str) or value.isspace():
        return value
    return harmless(value, lines=True)
