"""What a request brings to say who asks: a token, or the cookie of a session with the proof that the page is ours."""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import NamedTuple


class Credentials(NamedTuple):
    """What stands in a request; nothing of it is believed yet.

    ``changes``: the request may change something (its method is neither GET nor HEAD). ``own_page``: no header of the
    browser says that a page elsewhere has made it. ``form_proof`` is what `proof_of` gave to one of our own pages.
    """

    authorization: str | None = None
    session: str | None = None
    changes: bool = False
    own_page: bool = True
    form_proof: str | None = None


def proof_of(session: str) -> str:
    """Return what only a page that was given to this session can know (against forged requests, CSRF)."""
    return sha256(b"tonghop form " + session.encode()).hexdigest()


def proves(form_proof: str | None, session: str) -> bool:
    """Tell whether it is the proof of this session, in the same time whatever it is."""
    return hmac.compare_digest((form_proof or "").encode(), proof_of(session).encode())
