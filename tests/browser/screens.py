"""Every screen, once: what it is called, its address in the demonstration, who looks at it. Whoever makes one adds it.

Each is opened in the browser's tests with and without JavaScript, on three widths, and `python -m tests.screens` takes
its pictures.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from tests.browser.running import GIA_BINH, YEAR


class ScreenAt(NamedTuple):
    """A page: what its pictures are called, its address, one of PEOPLE; ``status`` where it is another than 200."""

    name: str
    address: str
    who: str | None = "officer"
    status: int = 200


def _of_unit(end: str, more: str = "", unit: str = "gia-binh") -> str:
    return f"/don-vi/{unit}/{end}?{YEAR}{more}"


SCREENS: Final = (
    ScreenAt("unit-home", GIA_BINH),
    ScreenAt("unit-home-reader", GIA_BINH, "leader"),
    ScreenAt("unit-home-province", f"/don-vi/bac-ninh?{YEAR}"),
    ScreenAt("report", _of_unit("bao-cao")),
    ScreenAt("report-compared", _of_unit("bao-cao", "&compare=last-year&by=month")),
    ScreenAt("report-facets", _of_unit("bao-cao", "&by=facet:sex,age_band&measures=admissions")),
    ScreenAt("events", _of_unit("su-kien", "&measure=admissions")),
    ScreenAt("event", "/su-kien/trung-uong/demo-unit-bac-ninh"),
    ScreenAt("difference", _of_unit("chenh-lech")),
    ScreenAt("silence", _of_unit("im-lang")),
    ScreenAt("targets", _of_unit("chi-tieu", unit="bac-ninh")),
    ScreenAt("statement", _of_unit("cau-bao-cao")),
    ScreenAt("form", _of_unit("bieu/1", unit="bac-ninh")),
    ScreenAt("organisation", _of_unit("to-chuc", unit="bac-ninh")),
    ScreenAt("entry", "/nhap", "clerk"),
    ScreenAt("entry-one", "/nhap/mot?unit=gia-binh&type=member.admitted", "clerk"),
    ScreenAt("entry-many", "/nhap/nhieu?unit=gia-binh&type=member.admitted", "clerk"),
    ScreenAt("entry-declared", "/nhap/khai-bao?unit=gia-binh", "clerk"),
    ScreenAt("entry-sheets", "/nhap/bang", "clerk"),
    ScreenAt("entry-declared", "/nhap/khai-bao?unit=gia-binh", "clerk"),
    ScreenAt("receipts", "/phieu", "clerk"),
    ScreenAt("granting", "/quyen", "keeper"),
    ScreenAt("audit-log", "/nhat-ky-truy-cap", "keeper"),
    ScreenAt("operations", "/van-hanh", "operator"),
    ScreenAt("own-account", "/tai-khoan", "leader"),
    ScreenAt("search", "/tim?q=gia+binh"),
    ScreenAt("help", "/tro-giup"),
    ScreenAt("sign-in", "/sign-in", None),
    ScreenAt("no-roles", "/", "nobody"),
    ScreenAt("unknown-unit", "/don-vi/gia-bin", status=404),
    ScreenAt("refused", f"/don-vi/bac-ninh?{YEAR}", "leader", 403),
)
