"""What the way to an issuer of OpenID Connect and back is made of; who has no issuer needs no library for it."""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from projections.bilingual import Bilingual
from services.access.refusals import AccessError

CALLBACK: Final = "/sign-in/oidc/callback"


class OpenIDError(AccessError):
    """The issuer doesn't say who it is, or not so that it can be believed: 401. ``why`` is for the audit log."""

    def __init__(self, why: str) -> None:
        super().__init__(
            Bilingual(
                "Không đăng nhập được qua nơi cấp danh tính; hãy thử lại từ trang đăng nhập",
                "The sign-in at the issuer was not completed: try again from the sign-in page",
            )
        )
        self.why = why


class IssuerAwayError(AccessError):
    """The issuer does not answer, or not as one does: 503."""


class Pending(msgspec.Struct, frozen=True):
    """What a browser keeps until it comes back from the issuer."""

    state: str
    nonce: str
    verifier: str
    next: str


class Person(NamedTuple):
    """Who somebody is, by the word of the issuer: its own name for him, and the claim that is the sign-in name."""

    issuer: str
    subject: str
    name: str | None
