"""A directory that really runs: OpenID Connect over HTTP, with people, groups, and lies where asked."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import threading
import warnings
from urllib.parse import parse_qs, urlsplit

import flask
import httpx
import werkzeug.serving
from joserfc import jwt
from joserfc.jwk import RSAKey

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it was written before joserfc
    import oidc_provider_mock
    from authlib.jose import RSAKey as ItsKey

SECRET = "b7d1f0c2a94e4f5d8c3a"


class Directory:
    """``lies`` changes the claims of what it signs, ``key`` what it signs with, ``down`` what it answers."""

    def __init__(self) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.app = oidc_provider_mock.app(require_nonce=True)
        self.app.before_request(self._before)
        self.app.after_request(self._after)
        self._server = werkzeug.serving.make_server("127.0.0.1", 0, self.app, threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        self._browser = httpx.Client(base_url=self.issuer, trust_env=False)
        self.seen: list[str] = []
        """Codes, tokens and verifiers that went over the wire."""
        self._challenges: dict[str, str] = {}
        """Of PKCE, by code; the mock itself does not ask for it."""
        self.reset()

    def reset(self) -> None:
        self.lies: dict[str, object] = {}
        self.algorithm, self.key, self.down, self._turn = "RS256", None, False, False

    def __enter__(self) -> Directory:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._browser.close()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def has(self, subject: str, **claims: object) -> None:
        """Somebody, as it knows them from now on."""
        answer = self._browser.put(f"/users/{subject}", json=claims)
        assert answer.status_code == 204

    def turn_keys(self) -> None:
        """Sign with another key from the next request on."""
        self._turn = True

    def lets_in(self, there: str, subject: str) -> str:
        """Somebody signs in at the URL to which a browser was sent: where it is sent back to."""
        answer = self._browser.post(there, data={"sub": subject})
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    def _before(self) -> flask.Response | None:
        storage = flask.g.oidc_provider_mock_storage
        if self._turn:
            storage.jwk, self._turn = ItsKey.generate_key(is_private=True), False
        if self.down:
            return flask.make_response("<h1>Bad gateway</h1>", 502)
        request = flask.request
        if request.path == "/oauth2/token":
            verifier = request.form["code_verifier"]
            self.seen += [verifier, request.form["code"]]
            digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode()
            if digest.rstrip("=") != self._challenges[request.form["code"]]:
                return flask.make_response({"error": "invalid_grant"}, 400)
            name, secret = base64.b64decode(request.headers["authorization"].split()[1]).decode().split(":")
            assert (name, secret) == ("kerbwatch", SECRET)
        return None

    def _after(self, response: flask.Response) -> flask.Response:
        if flask.request.path == "/oauth2/authorize" and response.status_code == 302:
            assert flask.request.args["code_challenge_method"] == "S256"
            code = query_of(response.headers["location"])["code"]
            self._challenges[code] = flask.request.args["code_challenge"]
        if flask.request.path != "/oauth2/token" or response.status_code != 200:
            return response
        answer = response.get_json()
        own = flask.g.oidc_provider_mock_storage.jwk.as_dict(is_private=True)
        kid = ItsKey.import_key(own).thumbprint()
        claims = jwt.decode(answer["id_token"], RSAKey.import_key(own)).claims | self.lies
        claims = {name: value for name, value in claims.items() if value is not None}
        key = self.key or RSAKey.import_key(own)
        answer["id_token"] = jwt.encode(
            {"alg": self.algorithm, "kid": kid}, claims, key, algorithms=[self.algorithm]
        )
        self.seen += [answer["id_token"], answer["access_token"]]
        response.set_data(json.dumps(answer))
        return response


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
