"""One language at a time on a terminal, both in the log of a machine: what says a thing twice leaves it open."""

from __future__ import annotations

import ast
import io
import json
import unicodedata
from pathlib import Path

import pytest
import structlog

from projections.bilingual import Bilingual
from services import logs
from services.cli.failing import ending
from services.connecting.database_failures import SERVERS_FAIL
from services.connecting.failures import described
from services.language import chosen, either
from services.settings import Settings, SettingsError
from tests.unit.test_failures import TABLE
from tests.unit.test_logs import Terminal, as_before

TOP = Path(__file__).parents[2]
FOR_OTHERS = (
    "services/api",  # the contract: answers have both
    "services/pages",  # their catalogue has the other language of each text
    "services/receipts",  # so have receipts over the bus
    "services/publishing/asking.py",  # what stands for a receipt where none comes
    "services/projector/limit_notice.py",  # kept in the database, and answered by the API
)
"""Whose texts no terminal of theirs shows."""

__all__ = ["as_before"]


def is_vietnamese(text: str) -> bool:
    return any(letter in "đĐ" or unicodedata.category(letter) == "Mn" for letter in unicodedata.normalize("NFD", text))


def test_a_text_has_both_languages_and_each_of_them() -> None:
    said = Bilingual("không có tệp", "there is no file", before="X: ", after=": a.pem")
    assert str(said) == "X: không có tệp / there is no file: a.pem"
    assert (said.vietnamese, said.english) == ("X: không có tệp: a.pem", "X: there is no file: a.pem")
    assert str(said.within("Y ", ".")) == "Y X: không có tệp / there is no file: a.pem."
    assert str(said.with_detail("ENOENT")) == "X: không có tệp / there is no file: a.pem (ENOENT)"
    assert said.with_detail(Bilingual("vì", "for")).english == "X: there is no file: a.pem (for)"
    assert said.with_detail(None) is said


def test_an_error_says_what_it_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    error = ValueError(Bilingual("sai", "wrong"))
    assert str(error) == "sai / wrong"
    for language, expected in (("vi", "sai"), ("en", "wrong")):
        monkeypatch.setenv("TONGHOP_LANG", language)
        assert chosen(error) == expected == either("sai", "wrong")
        assert chosen(KeyError()) == "KeyError"
        assert chosen(OSError(2, "no such file")) == "[Errno 2] no such file"


@pytest.mark.parametrize("language", ["vi", "en"])
def test_what_a_server_fails_with_is_told_in_one_language(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGHOP_LANG", language)
    for error, _ in TABLE:
        told = ending(error).said or ""
        assert " / " not in told
        assert " / " not in chosen(described(error)).replace("no such socket", "")
        if language == "en":
            assert not is_vietnamese(told + chosen(described(error))), told
        elif isinstance(error, SERVERS_FAIL):
            assert is_vietnamese(told), told


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize(
    "environ",
    [
        {"TONGHOP_NATS_KEY": __file__},
        {"TONGHOP_NATS_CERT": "/nowhere/cert.pem"},
        {"TONGHOP_DATABASE_URL": "postgresql://host"},
        {"TONGHOP_DATABASE_URL": "mysql://a/b"},
        {"TONGHOP_HTTP": "8080"},
        {"TONGHOP_REPLICAS": "2"},
        {"TONGHOP_REJECT_LIMIT": "101"},
        {"TONGHOP_LOG_LEVEL": "loud"},
    ],
    ids=str,
)
def test_a_setting_is_named_in_one_language(
    environ: dict[str, str], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TONGHOP_LANG", language)
    with pytest.raises(SettingsError) as wrong:
        Settings.from_environment(environ)
    told = ending(wrong.value).said or ""
    assert next(iter(environ)).removesuffix("KEY") in told
    assert " / " not in told
    assert is_vietnamese(told) is (language == "vi")


def test_a_machine_reads_both_and_a_terminal_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGHOP_LANG", "en")
    for written in (io.StringIO(), Terminal()):
        logs.configure(stream=written)
        structlog.get_logger("tonghop").warning("waiting", error=Bilingual("đang chờ", "waits", after=": 1"))
        if written.isatty():
            assert "waits: 1" in written.getvalue()
            assert "đang chờ" not in written.getvalue()
        else:
            assert json.loads(written.getvalue())["error"] == "đang chờ / waits: 1"


def test_no_text_for_a_terminal_has_both() -> None:
    found = []
    for path in [*(TOP / "services").rglob("*.py"), *(TOP / "projections").rglob("*.py")]:
        name = path.relative_to(TOP).as_posix()
        if not name.startswith(FOR_OTHERS):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                text = node.value if isinstance(node, ast.Constant) else None
                if isinstance(text, str) and " / " in text and is_vietnamese(text):
                    found.append(f"{name}:{node.lineno}: {text}")
    assert found == []
