"""Switch tracing on where `TONGHOP_TRACING=on` is set, for a process of the service or a program with the client."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from projections.bilingual import Bilingual
from services.settings import Settings, SettingsError
from services.tracing import spans

ON: Final = "on"
_VARIABLE: Final = "TONGHOP_TRACING"


@contextmanager
def traced(settings: Settings, process: str) -> Iterator[None]:
    """Tell spans of this process within, if the settings say so; raises SettingsError where it can't."""
    if settings.tracing != ON:
        yield
        return
    try:
        from services.tracing.telling import exporting  # noqa: PLC0415 - nothing of it while it is off
    except ModuleNotFoundError as missing:
        raise _not_installed(missing) from missing
    with spans.using(exporting(process)):
        yield


def follow_the_caller() -> None:
    """In a program that uses the client: hand on its trace, if its environment says so; raises SettingsError."""
    if spans.on() or os.environ.get(_VARIABLE, "").strip().lower() != ON:
        return
    try:
        from services.tracing.telling import as_guest  # noqa: PLC0415 - nothing of it while it is off
    except ModuleNotFoundError as missing:
        raise _not_installed(missing) from missing
    spans.use(as_guest())


def _not_installed(missing: ModuleNotFoundError) -> SettingsError:
    return SettingsError(
        Bilingual(
            f"phần này chưa cài trên máy (thiếu {missing.name}). Hãy chạy: pip install 'tonghop[tracing]'",
            f"its part isn't installed here ({missing.name} is missing). Run: pip install 'tonghop[tracing]'",
            before=f"{_VARIABLE}: ",
        )
    )
