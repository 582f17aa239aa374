"""A small OpenID provider on a local port: discovery, keys, authorization codes with PKCE, and signed ID tokens.

It does as OpenID Connect says, refuses what it must refuse, and can be told to err as real and hostile ones do.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

CLIENT_ID, CLIENT_SECRET = "shop", "the shop's secret & more"
REDIRECT_URI = "https://shop.test/signed-in"
OTHER_REDIRECT_URI = "com.example.shop:/signed-in"

Claims = dict[str, Any]


@dataclass(frozen=True)
class SigningKey:
    """A key of the provider's."""

    kid: str
    algorithm: str
    private: Any

    @property
    def jwk(self) -> dict[str, Any]:
        """Its public half, as it is published."""
        kind = ECAlgorithm if self.algorithm.startswith("ES") else RSAAlgorithm
        public = json.loads(kind.to_jwk(self.private.public_key()))
        return {**public, "kid": self.kid, "use": "sig", "alg": self.algorithm}


def rsa_key(kid: str) -> SigningKey:
    """A key for RS256."""
    return SigningKey(kid, "RS256", rsa.generate_private_key(public_exponent=65537, key_size=2048))


def ec_key(kid: str) -> SigningKey:
    """A key for ES256, which is made at once."""
    return SigningKey(kid, "ES256", ec.generate_private_key(ec.SECP256R1()))


@dataclass
class User:
    """Who is signed in at the provider."""

    sub: str = "user-1"
    email: str = "john@example.com"
    email_verified: bool | str | None = True
    name: str = "John Doe"

    @property
    def claims(self) -> Claims:
        """What is said of them."""
        said = {"email": self.email, "email_verified": self.email_verified, "name": self.name}
        return {name: value for name, value in said.items() if value not in ("", None)}


@dataclass
class OpenIdProvider:
    """A provider. `user` is signed in there; what is changed of the rest is how it errs."""

    url: str = ""
    user: User = field(default_factory=User)
    redirect_uris: list[str] = field(default_factory=lambda: [REDIRECT_URI, OTHER_REDIRECT_URI])
    """Where the shop, its client, has users sent back."""
    keys: list[SigningKey] = field(default_factory=lambda: [ec_key("first")])
    """The first of them signs; all are published."""
    published: list[dict[str, Any]] | None = None
    issuer: str = ""
    claims_in_token: bool = True
    spoil: Callable[[Claims], Claims] = lambda claims: claims
    encode: Callable[[Claims, SigningKey], str] | None = None
    now: Callable[[], float] = time.time
    down: bool = False
    slow_seconds: float = 0.0
    huge: bool = False
    redirect_to: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def settings(self, **changes: Any) -> list[dict[str, Any]]:
        """The setting OIDC_PROVIDERS of a shop that is its client."""
        provider = {
            "name": "local",
            "title": "Local",
            "issuer": self.url,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "redirect_uris": self.redirect_uris,
        }
        return [provider | changes]

    def visit(self, authorization_url: str) -> dict[str, str]:
        """Go to an address as the user's browser; what the user is sent back with."""
        parts = urlsplit(authorization_url)
        connection = HTTPConnection(parts.netloc, timeout=10)
        connection.request("GET", f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        answer.read()
        connection.close()
        assert answer.status == 302, answer.status
        return {
            name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()
        }

    def answer(self, path: str, query: str, form: dict[str, str], basic: str) -> tuple[int, Any]:
        """What is answered: a status and a JSON value, or where to go."""
        if path == "/.well-known/openid-configuration":
            return 200, self._document()
        if path == "/keys":
            return 200, {"keys": self.published or [key.jwk for key in self.keys]}
        if path == "/authorize":
            return self._authorize({name: values[0] for name, values in parse_qs(query).items()})
        if path == "/token":
            return self._token(form, basic)
        if path == "/userinfo":
            return (
                (200, {"sub": self.user.sub, **self.user.claims}) if basic == "Bearer access" else (401, {})
            )
        return 404, {}

    def _document(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer or self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "code_challenge_methods_supported": ["S256"],
            **self.metadata,
        }

    def _authorize(self, asked: dict[str, str]) -> tuple[int, Any]:
        is_whole = (
            asked["response_type"] == "code"
            and asked["client_id"] == CLIENT_ID
            and asked["redirect_uri"] in self.redirect_uris
            and "openid" in asked["scope"].split()
            and asked["code_challenge_method"] == "S256"
        )
        if not is_whole:
            return 400, {}
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        back = {"code": code, "state": asked["state"], "iss": self.url}
        return 302, f"{asked['redirect_uri']}?{urlencode(back)}"

    def _token(self, form: dict[str, str], basic: str) -> tuple[int, Any]:
        pair = "shop:the%20shop%27s%20secret%20%26%20more"
        by_basic = basic == "Basic " + base64.b64encode(pair.encode()).decode()
        if not by_basic and (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return 401, {"error": "invalid_client"}
        with self.lock:
            asked = self.codes.pop(form["code"], None)
        verifier = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).decode().rstrip("=")
        fits = (
            asked is not None
            and asked["code_challenge"] == challenge
            and asked["redirect_uri"] == form["redirect_uri"]
            and form["grant_type"] == "authorization_code"
        )
        if not fits or asked is None:
            return 400, {"error": "invalid_grant"}
        return 200, {
            "access_token": "access",
            "token_type": "Bearer",
            "id_token": self._id_token(asked["nonce"]),
        }

    def _id_token(self, nonce: str) -> str:
        now = int(self.now())
        claims: Claims = {
            "iss": self.url,
            "sub": self.user.sub,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            **(self.user.claims if self.claims_in_token else {}),
        }
        claims, key = self.spoil(claims), self.keys[0]
        if self.encode is not None:
            return self.encode(claims, key)
        return jwt.encode(claims, key.private, algorithm=key.algorithm, headers={"kid": key.kid})


@contextmanager
def openid_provider() -> Iterator[OpenIdProvider]:
    """A provider on a free port."""
    provider = OpenIdProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer({name: values[0] for name, values in parse_qs(body).items()})

        def _answer(self, form: dict[str, str]) -> None:
            path, _, query = self.path.partition("?")
            provider.requests.append(path)
            if provider.down:
                self.close_connection = True
                return
            time.sleep(provider.slow_seconds)
            if provider.redirect_to and path != "/authorize":
                status, body = 302, provider.redirect_to
            else:
                status, body = provider.answer(path, query, form, self.headers["Authorization"] or "")
            self.send_response(status)
            if status == 302:
                self.send_header("Location", str(body))
            text = b"" if status == 302 else json.dumps(body).encode()
            if provider.huge:
                text = text[:-1] + b', "more": "' + b"x" * 1_000_000 + b'"}'
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            with suppress(ConnectionError):  # the shop has had enough
                self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield provider
    server.shutdown()
    thread.join()
    server.server_close()
