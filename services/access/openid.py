"""OpenID Connect: the way to the issuer and back (code flow with PKCE, state and nonce), and what its word is held to.

Authlib speaks OAuth, joserfc reads what the issuer has signed. The issuer says who somebody is; what he may is said by
nobody but this service.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import time
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from httpx._client import UseClientDefault
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from projections.bilingual import Bilingual
from services.access.openid_flow import CALLBACK, IssuerAwayError, OpenIDError, Pending, Person
from services.connecting.tls import trusting
from services.settings import Settings

SCOPE: Final = "openid profile email"
ALGORITHMS: Final = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"),
    *("Ed25519", "EdDSA"),
)
"""Signatures by a key of which the issuer alone has the private half: no `none`, and no shared secret."""
LEEWAY: Final = 60
"""Seconds by which the issuer's clock may differ."""
WITHIN: Final = 10.0
KNOWN_FOR: Final = 3_600.0
ASKED_AGAIN_AFTER: Final = 30.0
AWAY_FOR: Final = 5.0
"""Seconds for which an issuer that did not answer is not asked again: nobody waits in line for it."""
LARGEST: Final = 1 << 20
"""Bytes of an answer of the issuer."""
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class Issuer:
    """The issuer of the settings; what it says of itself is asked for when it is needed, and known for an hour."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._redirect = f"{settings.public_url}{CALLBACK}"
        self._context = trusting(settings.oidc_ca, "TONGHOP_OIDC_CA", beside_the_systems=True)
        self._asking = asyncio.Lock()
        self._away: tuple[float, IssuerAwayError] | None = None
        self._metadata: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None

    async def begin(self, where_next: str) -> tuple[str, Pending]:
        """Return where the browser is sent, and what it keeps meanwhile. Raises IssuerAwayError."""
        metadata = await self._described()
        pending = Pending(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            next=where_next,
        )
        url: str = prepare_grant_uri(
            metadata["authorization_endpoint"],
            self._settings.oidc_client,
            "code",
            redirect_uri=self._redirect,
            scope=SCOPE,
            state=pending.state,
            nonce=pending.nonce,
            code_challenge=create_s256_code_challenge(pending.verifier),
            code_challenge_method="S256",
        )
        return url, pending

    async def finish(self, pending: Pending, *, state: str, code: str, issuer: str | None) -> Person:
        """Return who has come back with a code. ``issuer``: `iss` of the answer, where it has one (RFC 9207).

        Raises OpenIDError and IssuerAwayError.
        """
        if not hmac.compare_digest(pending.state.encode(), state.encode()):
            raise OpenIDError("state")
        if issuer is not None and issuer != self._settings.oidc_issuer:
            raise OpenIDError("iss of the answer")
        metadata = await self._described()
        async with self._client() as client:
            tokens = await self._redeemed(client, metadata, code, pending.verifier)
            claims = await self._believed(metadata, str(tokens.get("id_token", "")), pending.nonce)
            if self._settings.oidc_claim not in claims and "userinfo_endpoint" in metadata:
                claims = await self._told(client, metadata["userinfo_endpoint"], str(tokens["access_token"]), claims)
        return Person(self._settings.oidc_issuer, claims["sub"], self._name(claims))

    async def _redeemed(
        self, client: httpx.AsyncClient, metadata: dict[str, Any], code: str, verifier: str
    ) -> dict[str, Any]:
        """Give the code back, with what only the browser that began it can know, for what it stands for."""
        client_id, secret = self._settings.oidc_client, self._secret()
        methods = metadata.get("token_endpoint_auth_methods_supported", ())
        given: dict[str, str] = {"code": code, "code_verifier": verifier, "redirect_uri": self._redirect}
        basic: httpx.BasicAuth | UseClientDefault = httpx.USE_CLIENT_DEFAULT
        if secret is None:
            given["client_id"] = client_id
        elif methods and "client_secret_basic" not in methods:
            given |= {"client_id": client_id, "client_secret": secret}
        else:  # both halves are encoded before (RFC 6749, section 2.3.1)
            basic = httpx.BasicAuth(quote(client_id, safe=""), quote(secret, safe=""))
        body = prepare_token_request("authorization_code", **given)
        try:
            response = await client.post(
                metadata["token_endpoint"],
                content=body,
                auth=basic,
                headers={"content-type": "application/x-www-form-urlencoded", "accept": "application/json"},
            )
            if 400 <= response.status_code < 500:  # noqa: PLR2004 - it is the code, or us, that it refuses
                raise OpenIDError(f"code: HTTP {response.status_code} {response.text[:100]}")
            found = _object(response)
        except (httpx.HTTPError, ValueError) as error:
            raise _away(error) from error
        if not isinstance(found.get("access_token"), str):
            raise OpenIDError("no access token")
        return found

    def _secret(self) -> str | None:
        file = self._settings.oidc_secret_file
        try:
            return None if file is None else file.read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise _away("TONGHOP_OIDC_SECRET_FILE") from error

    def _name(self, claims: dict[str, Any]) -> str | None:
        """Read the sign-in name; an address that the issuer has not verified is anybody's."""
        name = claims.get(self._settings.oidc_claim)
        if self._settings.oidc_claim == "email" and claims.get("email_verified") is False:
            return None
        return name if isinstance(name, str) and name else None

    async def _believed(self, metadata: dict[str, Any], signed: str, nonce: str) -> dict[str, Any]:
        """Read an ID token. Raises OpenIDError where it is not by this issuer, for us, of now, and of this sign-in."""
        registry = jwt.JWTClaimsRegistry(
            leeway=LEEWAY,
            iss={"essential": True, "value": self._settings.oidc_issuer},
            aud={"essential": True, "value": self._settings.oidc_client},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            try:
                token = jwt.decode(signed, await self._known_keys(metadata), algorithms=list(ALGORITHMS))
            except (JoseError, ValueError):  # signed with a key that it began to use a moment ago
                token = jwt.decode(signed, await self._known_keys(metadata, anew=True), algorithms=list(ALGORITHMS))
            registry.validate(token.claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise OpenIDError(f"ID token: {type(error).__name__} {str(error)[:100]}") from error
        claims = token.claims
        audience, authorised = claims["aud"], claims.get("azp", self._settings.oidc_client)
        if authorised != self._settings.oidc_client or (isinstance(audience, list) and len(audience) > 1):
            raise OpenIDError("ID token: for others, too")
        if not isinstance(claims["sub"], str) or not claims["sub"]:
            raise OpenIDError("ID token: sub")
        return claims

    async def _told(
        self, client: httpx.AsyncClient, endpoint: str, token: str, claims: dict[str, Any]
    ) -> dict[str, Any]:
        """Ask for what the ID token leaves out. Raises OpenIDError where the answer is about somebody else."""
        try:
            more = _object(await client.get(endpoint, headers={"authorization": f"Bearer {token}"}))
        except (httpx.HTTPError, ValueError) as error:
            raise _away(error) from error
        if more.get("sub") != claims["sub"]:
            raise OpenIDError("userinfo: sub")
        return {**more, **claims}

    async def _described(self) -> dict[str, Any]:
        """Return what the issuer says of itself (OpenID Connect Discovery). Raises IssuerAwayError."""
        async with self._asking:
            if self._away is not None and time.monotonic() - self._away[0] < AWAY_FOR:
                raise self._away[1]
            if self._metadata is None or time.monotonic() - self._metadata[0] > KNOWN_FOR:
                address = f"{self._settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration"
                found = await self._get(address)
                if found.get("issuer") != self._settings.oidc_issuer:
                    raise _away(f"issuer {str(found.get('issuer'))[:200]!r}")
                needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
                named = [found.get(name) for name in (*needed, *({"userinfo_endpoint"} & found.keys()))]
                if not all(isinstance(url, str) and _is_safe(url) for url in named):
                    raise _away("endpoints")
                self._metadata = time.monotonic(), found
            return self._metadata[1]

    async def _known_keys(self, metadata: dict[str, Any], *, anew: bool = False) -> KeySet:
        """Return the issuer's public keys. Raises IssuerAwayError."""
        async with self._asking:
            age = KNOWN_FOR + 1 if self._keys is None else time.monotonic() - self._keys[0]
            if age > KNOWN_FOR or (anew and age > ASKED_AGAIN_AFTER):
                found = await self._get(metadata["jwks_uri"])
                try:
                    self._keys = time.monotonic(), KeySet.import_key_set({"keys": found["keys"]})
                except (JoseError, ValueError, KeyError, TypeError) as error:
                    raise _away(error) from error
            assert self._keys is not None  # noqa: S101 - it was asked for
            return self._keys[1]

    async def _get(self, url: str) -> dict[str, Any]:
        try:
            async with self._client() as client:
                return _object(await client.get(url))
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            self._away = time.monotonic(), _away(error)
            raise self._away[1] from error

    def _client(self) -> httpx.AsyncClient:
        """Make a client that follows nobody elsewhere."""
        return httpx.AsyncClient(timeout=WITHIN, verify=self._context, follow_redirects=False)


def _object(response: httpx.Response) -> dict[str, Any]:
    """Read an answer. Raises ValueError and httpx.HTTPError."""
    response.raise_for_status()
    found = response.json() if len(response.content) <= LARGEST else None
    if not isinstance(found, dict):
        raise ValueError("no JSON object")  # noqa: TRY004 - it is what came over the wire
    return found


def _is_safe(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


def _away(why: object) -> IssuerAwayError:
    return IssuerAwayError(
        Bilingual(
            "Nơi cấp danh tính không trả lời đúng", "The issuer does not answer as one does (TONGHOP_OIDC_ISSUER)"
        ).with_detail(str(why)[:200])
    )
