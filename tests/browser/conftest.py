"""Fixtures of the tests in a browser: one service and one Chromium for all of them; each test visits by itself.

`make test-browser`, or `pytest -m browser tests/browser`. Without Chromium they say that they were not run.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.installed import CHROMIUM
from tests.browser.running import Running, demonstration
from tests.browser.visiting import Visits, chromium

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark all that is here."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give Chromium."""
    if not CHROMIUM.exists():
        pytest.skip(f"not run, as there is no browser: {CHROMIUM} (apt-get install chromium)")
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def running(browser: Browser) -> Iterator[Running]:
    """Run the demonstration."""
    with demonstration() as service:
        yield service


@pytest.fixture
def visits(running: Running, browser: Browser) -> Iterator[Visits]:
    """Give what opens pages, and checks each when the test has ended well."""
    with Visits(running, browser) as visits:
        yield visits


@pytest.fixture(params=[True, False], ids=["script", "plain"])
def script(request: pytest.FixtureRequest) -> bool:
    """Run a test with JavaScript and without."""
    return bool(request.param)


@pytest.fixture(params=[1440, 1024, 390])
def width(request: pytest.FixtureRequest) -> int:
    """Run a test on a wide screen, on an old one, on a phone."""
    return int(request.param)
