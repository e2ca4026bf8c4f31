"""What the projector waits out, and what may come from one message: by the codes that PostgreSQL answers with."""

from __future__ import annotations

import asyncpg
import pytest

from services.connecting.failures import described
from services.log.errors import is_transient, is_wrong

WAITED_OUT = (
    *("08006", "25006", "28P01", "3D000", "3F000", "40001", "40P01", "42501", "42P01"),
    *("53000", "53100", "53200", "53300", "55P03", "57P01", "57P02", "57P03"),
    *("58000", "58030", "58P01", "XX000", "XX001", "XX002"),
)
OF_A_MESSAGE = ("22001", "22003", "22P02", "23502", "23505", "23514", "54000")


OF_THE_PROGRAM = ("42601", "42703", "42883", "42804", "42704", "42P02", "42P18")


def error_of(code: str) -> BaseException:
    return asyncpg.PostgresError.new({"C": code, "M": "what it says"})


@pytest.mark.parametrize("code", WAITED_OUT)
def test_what_no_message_is_to_blame_for_is_waited_out(code: str) -> None:
    assert is_transient(error_of(code))


@pytest.mark.parametrize("code", OF_A_MESSAGE)
def test_what_a_message_may_be_to_blame_for_is_narrowed_down(code: str) -> None:
    assert not is_transient(error_of(code))


@pytest.mark.parametrize("code", OF_THE_PROGRAM)
def test_what_is_wrong_with_a_statement_is_neither(code: str) -> None:
    assert is_wrong(error_of(code))
    assert not is_transient(error_of(code))


@pytest.mark.parametrize("code", [*WAITED_OUT, *OF_A_MESSAGE])
def test_nothing_else_ends_the_projector(code: str) -> None:
    assert not is_wrong(error_of(code))


def test_a_full_disk_is_said_in_words() -> None:
    said = str(described(error_of("53100")))
    assert "đã đầy" in said
    assert "is full" in said
    assert "what it says" in said
    assert str(described(error_of("40001"))) == "SerializationError: what it says"
