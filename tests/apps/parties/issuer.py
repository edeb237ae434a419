"""A small OpenID Connect issuer on loopback: discovery, keys, and the code flow with PKCE, signed with its own key."""

import base64
import hashlib
import json
import secrets
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "riverloop", "shared with the issuer"


class Issuer:
    """Signs in whoever `says` describes; `spoil` changes the identity token before it is signed, `key` signs it."""

    def __init__(self):
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.published = self.key
        self.says = {"sub": "7", "email": "hana@example.org", "email_verified": True}
        self.besides = {}  # what the user-info endpoint says otherwise
        self.spoil = lambda claims: claims
        self.algorithm = "RS256"
        self.asked, self.codes = [], {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = self.names_itself = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def _handler(issuer):  # noqa: N805 - the handler below is the one with a self
        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *arguments):
                pass

            def do_GET(self):
                path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
                issuer.asked.append(path)
                if path == "/authorize":
                    return self.go(issuer.authorise({name: values[0] for name, values in query.items()}))
                answers = {
                    "/.well-known/openid-configuration": issuer.discovery,
                    "/keys": issuer.keys,
                    "/me": lambda: {**issuer.says, **issuer.besides},
                }
                return self.answer(200, answers[path]())

            def do_POST(self):
                issuer.asked.append(self.path)
                sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self.answer(*issuer.exchange({name: values[0] for name, values in parse_qs(sent).items()}))

            def go(self, address):
                self.send_response(302)
                self.send_header("Location", address)
                self.end_headers()

            def answer(self, status, value):
                body = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        return Handler

    def discovery(self):
        return {
            "issuer": self.names_itself,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/me",
            "jwks_uri": f"{self.url}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def keys(self):
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.published.public_key()))
        return {"keys": [{**key, "kid": "one", "alg": "RS256", "use": "sig"}]}

    def authorise(self, asked):
        assert asked["client_id"] == CLIENT
        assert asked["response_type"] == "code"
        assert "openid" in asked["scope"].split()
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe()
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def exchange(self, sent):
        asked = self.codes.pop(sent.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(sent.get("code_verifier", "").encode()).digest())
        proven = asked and challenge.decode().rstrip("=") == asked["code_challenge"]
        if not proven or sent["client_secret"] != SECRET or sent["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {**self.says, "iss": self.names_itself, "aud": CLIENT, "iat": now, "exp": now + 300}
        key = "" if self.algorithm == "none" else self.key
        token = jwt.encode(self.spoil(claims), key, algorithm=self.algorithm, headers={"kid": "one"})
        return 200, {"access_token": "opens /me", "token_type": "Bearer", "id_token": token}
