"""`python -m tests.screens [NAME…]`: pictures of the screens on three widths and on paper, into docs/screens/.

They are taken of a demonstration of their own, or of the service at `--url` that is open or whose session is given.
Each is looked at by somebody: that is what they are for.
"""

from __future__ import annotations

import argparse
import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
import pypdfium2
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.browser.running import Running, demonstration
from tests.browser.screens import SCREENS, ScreenAt
from tests.browser.visiting import WIDTHS, chromium

OUT: Final = Path(__file__).parents[1] / "docs" / "screens"
TALLEST: Final = 2_400
"""Pixels of a page that are shown: what is below is more of the same."""
COLOURS: Final = 64
PAPER: Final = 1.25
"""Pixels for a point of the paper."""


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(prog="python -m tests.screens", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"some screens alone, of {', '.join(each.name for each in SCREENS)}")
    parser.add_argument("--url", help="take them of the service here, which runs already")
    parser.add_argument("--session", help="the session (cookie) that is signed in there; none where it is open")
    parser.add_argument("--out", type=Path, default=OUT, help="where to (%(default)s)")
    parser.add_argument(
        "--unit", action="append", default=[], metavar="OURS=THEIRS", help="a unit in place of one of ours"
    )
    given = parser.parse_args()
    units = dict(each.split("=", 1) for each in given.unit)
    wanted = [_at(each, units) for each in SCREENS if not given.names or each.name in given.names]
    given.out.mkdir(parents=True, exist_ok=True)
    with _service(given.url, given.session) as running, chromium() as browser:
        for screen in wanted:
            for name, picture in _pictures(browser, running, screen):
                size = _write(picture, given.out / f"{name}.webp")
                print(f"{name}: {picture.width} x {picture.height}, {size >> 10} KB")


def _at(screen: ScreenAt, units: Mapping[str, str]) -> ScreenAt:
    """Put other units into the address of a screen."""
    address = re.sub(r"[a-z0-9-]+", lambda found: units.get(found[0], found[0]), screen.address)
    return screen._replace(address=address)


class Elsewhere(Running):
    """A service that runs already, at which one person looks."""

    def __init__(self, url: str, session: str | None) -> None:
        super().__init__(url, "")
        self._given = session

    def session(self, _: str) -> str:
        return self._given or ""


@contextmanager
def _service(url: str | None, session: str | None) -> Iterator[Running]:
    if url is None:
        with demonstration() as running:
            yield running
    else:
        httpx.get(url, trust_env=False).close()
        yield Elsewhere(url.rstrip("/"), session)


def _pictures(browser: Browser, running: Running, screen: ScreenAt) -> Iterator[tuple[str, Image.Image]]:
    """Yield each picture of a screen with its name."""
    for width, height in WIDTHS.items():
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale="vi-VN", reduced_motion="reduce"
        )
        try:
            if screen.who is not None:
                cookie = {"name": "tonghop-session", "value": running.session(screen.who), "url": running.url}
                context.add_cookies([cookie])
            page = context.new_page()
            page.goto(running.url + screen.address, wait_until="load")
            yield f"{screen.name}-{width}", _whole(page, width)
            if width == max(WIDTHS):
                yield f"{screen.name}-print", _on_paper(page)
        finally:
            context.close()


def _whole(page: Page, width: int) -> Image.Image:
    height = min(int(page.evaluate("document.documentElement.scrollHeight")), TALLEST)
    clip = {"x": 0.0, "y": 0.0, "width": float(width), "height": float(height)}
    return Image.open(io.BytesIO(page.screenshot(full_page=True, clip=clip)))


def _on_paper(page: Page) -> Image.Image:
    """Draw the first sheet of what a printer would be sent."""
    with pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True, print_background=True)) as document:
        drawn: Image.Image = document[0].render(scale=PAPER).to_pil()
        return drawn


def _write(picture: Image.Image, file: Path) -> int:
    picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, lossless=True, quality=100)
    return file.stat().st_size


if __name__ == "__main__":
    main()
