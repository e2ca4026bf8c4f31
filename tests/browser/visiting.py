"""A visit to a page in a real browser, and what has to hold on every page: it is checked by itself when a test ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, Self

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)

from tests.browser.installed import CHROMIUM
from tests.browser.running import Running

WIDTHS: Final = {1440: 900, 1024: 768, 390: 844}
"""Widths and heights, in CSS pixels: a screen in an office, an old one, a phone."""
_AXE: Final = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
# What only the page itself can see: how much it moved while it was made, and what its policy forbade.
_WATCHING: Final = """
window.__shifts = [];
window.__forbidden = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.hadRecentInput) continue;
    const where = entry.sources.map(({node, previousRect: was, currentRect: is}) =>
      `${node.nodeName} “${node.textContent.trim().slice(0, 40)}” from ${was.x}, ${was.y} to ${is.x}, ${is.y}`);
    window.__shifts.push([entry.value, where.join("; ")]);
  }
}).observe({type: "layout-shift", buffered: true});
document.addEventListener("securitypolicyviolation", (event) => {
  window.__forbidden.push(`${event.violatedDirective} ${event.blockedURI}`);
});
"""
PATIENCE: Final = 20_000
"""Milliseconds after which what has to come on a page won't: nothing is measured by it."""
MOST_SHIFT: Final = 0.001
_JUDGED: Final[set[object]] = set()
"""The pages with which axe has found nothing wrong."""


class Visit:
    """One person's look at the service: a browser context of its own, with or without JavaScript."""

    def __init__(self, running: Running, context: BrowserContext, *, script: bool) -> None:
        self.running = running
        self.script = script
        self.context = context
        self.page: Page = context.new_page()
        self.faults: list[str] = []
        self.expected: set[int] = set()
        """Statuses from 400 on that the test asks for."""
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._answered)

    def open(self, path: str) -> Page:
        """Go to a page, and wait until it is there with all that it loads."""
        self.page.goto(self.running.url + path, wait_until="load")
        return self.page

    def check(self, *, thoroughly: bool = True) -> None:
        """Check the page as it is now: nothing is wrong for a screen reader, nothing has moved, nothing was forbidden.

        ``thoroughly``: axe looks too, for a second. Raises AssertionError that says what.
        """
        self.page.wait_for_load_state("load")
        if self.script:
            self.faults += [f"axe: {each}" for each in self._unfit()] if thoroughly else []
            self.faults += [f"policy: {each}" for each in self.page.evaluate("window.__forbidden")]
            shifts = self.page.evaluate("window.__shifts")
            if sum(value for value, _ in shifts) > MOST_SHIFT:
                self.faults += [f"the page moved by {value:.4f}: {where}" for value, where in shifts]
        wide = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth") if self.script else 0
        if wide > 0:
            self.faults.append(f"the page is {wide} px wider than the window")
        assert not self.faults, f"{self.page.url}\n" + "\n".join(self.faults)

    def _unfit(self) -> list[str]:
        """Ask axe, once for one and the same page on one width."""
        seen = (hash(self.page.content()), self.page.viewport_size and self.page.viewport_size["width"])
        if seen not in _JUDGED:
            found = [_in_words(each) for each in Axe().run(self.page, options=_AXE).response["violations"]]
            found = [each for each in found if each]
            if found:
                return found
            _JUDGED.add(seen)
        return []

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not self._is_expected(message.text):
            self.faults.append(f"console: {message.text}")

    def _failed(self, request: Request) -> None:
        # A page that is left lets go of what it still asks for.
        if request.failure != "net::ERR_ABORTED":
            self.faults.append(f"request: {request.method} {request.url}: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.faults.append(f"answer: {response.status} {response.request.method} {response.url}")

    def _is_expected(self, text: str) -> bool:
        return any(f"status of {status}" in text for status in self.expected)


class Visits:
    """Opens visits and checks each where it has come to, when all is done."""

    def __init__(self, running: Running, browser: Browser) -> None:
        self._running = running
        self._browser = browser
        self._open: list[Visit] = []

    def __call__(
        self,
        path: str | None = None,
        *,
        who: str | None = "everything",
        width: int = 1440,
        script: bool = True,
        **more: Any,
    ) -> Visit:
        """Begin a visit of one of PEOPLE (None: of nobody known), at a page where one is given.

        ``more`` is for the context, as Playwright takes it.
        """
        context = self._browser.new_context(
            viewport={"width": width, "height": WIDTHS.get(width, 900)},
            java_script_enabled=script,
            locale="vi-VN",
            timezone_id="Asia/Ho_Chi_Minh",
            reduced_motion="reduce",
            **more,
        )
        context.set_default_timeout(PATIENCE)
        if script:
            context.add_init_script(_WATCHING)
        if who is not None:
            context.add_cookies(
                [{"name": "tonghop-session", "value": self._running.session(who), "url": self._running.url}]
            )
        visit = Visit(self._running, context, script=script)
        self._open.append(visit)
        if path is not None:
            visit.open(path)
        return visit

    @property
    def open_now(self) -> Visit:
        """Return the last visit that was begun."""
        return self._open[-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        try:
            if kind is None:
                for visit in self._open:
                    visit.check()
        finally:
            for visit in self._open:
                visit.context.close()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Debian's Chromium, without a window."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage", "--font-render-hinting=none"]
        )
        yield browser
        browser.close()


def _in_words(violation: dict[str, Any]) -> str:
    """Say what is wrong where; nothing where it is only that a row is half under the head or foot of its own table."""
    nodes = [each for each in violation["nodes"] if not (violation["id"] == "target-size" and _is_covered(each))]
    where: Iterable[str] = (" ".join(map(str, node["target"])) for node in nodes[:5])
    if not nodes:
        return ""
    return f"{violation['id']} ({violation['impact']}): {violation['help']}: {'; '.join(where)}"


def _is_covered(node: dict[str, Any]) -> bool:
    """Tell whether a target is small as something lies over a part of it: in a box that scrolls it comes free."""
    checks = [*node["any"], *node["all"], *node["none"]]
    return any(str((each.get("data") or {}).get("messageKey")).startswith("partiallyObscured") for each in checks)
