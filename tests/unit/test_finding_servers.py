"""Where commands that work on database and bus find them: the environment first, then what the service wrote."""

import json
from pathlib import Path

import pytest

from services.cli.client import servers
from services.settings import Settings

DATABASE = "postgresql://postgres@/tonghop?host=/tmp/here"


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TONGHOP_DATABASE_URL", "TONGHOP_NATS_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "service.json").write_text(json.dumps({"database_url": DATABASE, "nats": "127.0.0.1:4333"}))
    return tmp_path


def test_those_of_the_service_of_a_folder_are_found(folder: Path) -> None:
    found = Settings.from_environment(servers(folder))
    assert (found.database_url, found.nats_url) == (DATABASE, "nats://127.0.0.1:4333")


def test_the_environment_goes_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGHOP_DATABASE_URL", "postgresql://there/figures")
    monkeypatch.setenv("TONGHOP_NATS_URL", "nats://there:4222")
    found = Settings.from_environment(servers(folder))
    assert (found.database_url, found.nats_url) == ("postgresql://there/figures", "nats://there:4222")


def test_without_either_the_defaults_stand(tmp_path: Path) -> None:
    found = Settings.from_environment(servers(tmp_path))
    assert (found.database_url, found.nats_url) == (Settings().database_url, Settings().nats_url)
