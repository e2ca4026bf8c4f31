"""TLS as the settings say it: whom this process trusts, and what it shows of itself."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

from projections.bilingual import Bilingual
from services.settings import Settings, SettingsError


def bus_context(settings: Settings) -> ssl.SSLContext:
    """Make the context for NATS: the server's name and authority are checked. Raises SettingsError."""
    context = trusting(settings.nats_ca, "TONGHOP_NATS_CA")
    _show(context, settings.nats_cert, settings.nats_key, "TONGHOP_NATS_CERT, TONGHOP_NATS_KEY")
    return context


def trusting(authorities: Path | None, variable: str, *, beside_the_systems: bool = False) -> ssl.SSLContext:
    """Make a context for a client that trusts these authorities, or those of the system. Raises SettingsError."""
    try:
        if authorities is None or beside_the_systems:
            context = ssl.create_default_context()
            if authorities is not None:
                context.load_verify_locations(authorities)
        else:
            context = ssl.create_default_context(cafile=authorities)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            Bilingual("không phải chứng thư PEM", "no certificates in PEM", f"{variable}: ", f": {error}")
        ) from error
    return context


def https(settings: Settings) -> dict[str, Any]:
    """Give what uvicorn takes for HTTPS; nothing where the settings name no certificate. Raises SettingsError."""
    if settings.http_cert is None or settings.http_key is None:
        return {}
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    _show(context, settings.http_cert, settings.http_key, "TONGHOP_HTTP_CERT, TONGHOP_HTTP_KEY")
    return {"ssl_certfile": str(settings.http_cert), "ssl_keyfile": str(settings.http_key)}


def _show(context: ssl.SSLContext, certificate: Path | None, key: Path | None, variables: str) -> None:
    if certificate is None:
        return
    try:
        context.load_cert_chain(certificate, key, _no_password)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            Bilingual(
                "chứng thư và khóa không dùng được với nhau (PEM, không mật khẩu)",
                "the certificate and the key can't be used together (PEM, no password)",
                before=f"{variables}: ",
                after=f": {error}",
            )
        ) from error


def _no_password() -> str:
    """Ask nobody: at a terminal OpenSSL would, and a service would stand still."""
    return ""
