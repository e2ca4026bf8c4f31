"""Every question that the demonstration hands out for the five documents is answered, none of them with a refusal."""

from __future__ import annotations

import pytest

from services.demo.documents.questions import QUESTIONS
from tests.acceptance.country import Country

COMMANDS = [command for commands in QUESTIONS.values() for command in commands]


@pytest.mark.parametrize("command", COMMANDS)
async def test_it_is_answered(country: Country, command: str) -> None:
    what, unit, *options = command.split()
    asked = {name.removeprefix("--"): value for name, value in zip(options[::2], options[1::2], strict=True)}
    answer = await (country.statement if what == "statement" else country.indicators)(
        unit, *[asked.pop(name) for name in ("from", "to", "on") if name in asked], **asked
    )
    assert answer["unit"]["id"] == unit
    assert answer["text" if what == "statement" else "rates"]
