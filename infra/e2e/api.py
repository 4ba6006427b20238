"""A caller of the API, with the Python library's own HTTP."""

import base64
import gzip
import hashlib
import hmac
import http.client
import json
import os
import time
import urllib.parse

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KID = "e2e"


def part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def secret() -> bytes:
    return os.environ["POSTERN_E2E_SECRET"].encode()


def key() -> Ed25519PrivateKey:
    """The private key of this run."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(secret()).digest())


def key_set() -> str:
    """The set of keys that tokens with EdDSA are verified by."""
    public = key().public_key().public_bytes_raw()
    return json.dumps({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": KID, "x": part(public)}]}, separators=(",", ":"))


def token(sub: str, *roles: str) -> str:
    """A token for an hour: HS256, or EdDSA where POSTERN_E2E_TOKENS says `keys`."""
    claims = {
        "iss": "https://issuer.example", "aud": "postern", "sub": sub, "org": "acme", "roles": list(roles),
        "email": f"{sub}@acme.example", "exp": int(time.time()) + 3600,
    }
    has_keys = os.environ.get("POSTERN_E2E_TOKENS") == "keys"
    header = {"alg": "EdDSA", "kid": KID} if has_keys else {"alg": "HS256", "typ": "JWT"}
    text = ".".join(part(json.dumps(claim).encode()) for claim in (header, claims))
    signature = key().sign(text.encode()) if has_keys else hmac.new(secret(), text.encode(), hashlib.sha256).digest()
    return f"{text}.{part(signature)}"


class Caller:
    """Somebody with headers of their own."""

    def __init__(self, api: str, headers: dict[str, str]):
        self.endpoint = urllib.parse.urlsplit(os.environ["AWS_ENDPOINT_URL"])
        self.headers = {"Host": f"{api}.execute-api.{self.endpoint.netloc}", **headers}

    def send(self, method: str, path: str, data: str | None, headers: dict[str, str]):
        connection = http.client.HTTPConnection(self.endpoint.hostname, self.endpoint.port, timeout=30)
        connection.request(method, path, data, headers)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response, content

    def call(self, method: str, path: str, status: int, body: object = None):
        """Sends a request, which must be answered with a status; the answer. Where it is sent on, it goes there as it was, once."""
        headers, data = dict(self.headers), None
        if body is not None:
            data = json.dumps(body)
            headers["Content-Type"] = "application/json"
        # What belongs to no version stands beside the base path.
        root = "" if path in ("/docs", "/openapi.json") else "/api/v1"
        response, content = self.send(method, f"{root}{path}", data, headers)
        if response.status == 308 and status != 308:
            location = response.getheader("location")
            assert location == f"{root}{path}".rstrip("/"), f"{method} {path} leads to {location}"
            response, content = self.send(method, location, data, headers)
        if response.getheader("content-encoding") == "gzip":
            return gzip.decompress(content).decode()
        text = content.decode()
        if response.status != status:
            raise AssertionError(f"{method} {path}: {response.status} and not {status}: {text}")
        assert response.getheader("x-request-id"), f"{method} {path}: no request id"
        return json.loads(text) if text else None
