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


def token(sub: str, *roles: str) -> str:
    """A token for an hour (HS256)."""

    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    claims = {
        "iss": "https://issuer.example", "aud": "postern", "sub": sub, "org": "acme", "roles": list(roles),
        "email": f"{sub}@acme.example", "exp": int(time.time()) + 3600,
    }
    text = ".".join(part(json.dumps(claim).encode()) for claim in ({"alg": "HS256", "typ": "JWT"}, claims))
    key = os.environ["POSTERN_E2E_SECRET"].encode()
    return f"{text}.{part(hmac.new(key, text.encode(), hashlib.sha256).digest())}"


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
