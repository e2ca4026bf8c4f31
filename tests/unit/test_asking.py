"""The CLI's questions over HTTP: what keeps one from being asked is said in the same words, whatever it asks for."""

from __future__ import annotations

import pytest

from services.cli.client import file, get
from services.cli.errors import CommandError


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy"])
def test_a_proxy_that_is_no_address_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "nonsense://there")
    with pytest.raises(CommandError, match="nonsense://there"):
        get("http://elsewhere.invalid", "v1", token=None)
    with (
        pytest.raises(CommandError, match="nonsense://there"),
        file("http://elsewhere.invalid", "v1", token=None),
    ):
        pass
