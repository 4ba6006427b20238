"""A caller of the API, with the Python library's own HTTP."""

import gzip
import http.client
import json
import time
import urllib.parse

from observed import Observed

BASE = "/api/v1"
# What belongs to no version of the API stands beside its base path.
BESIDE = ("/docs", "/openapi.json")
SECONDS = 30


class Unexpected(AssertionError):
    """An answer that has another status than it must have."""


class Site:
    """Where a deployment answers: the output ApiUrl, and where to connect to in place of its host."""

    def __init__(self, url: str, connect_to: str | None = None):
        bare = url.rstrip("/")
        self.url = urllib.parse.urlsplit(bare.removesuffix(BASE))
        self.connect_to = urllib.parse.urlsplit(f"//{connect_to}") if connect_to else self.url

    @property
    def front(self) -> str:
        """What stands in front of the API's paths: a stage, or the key of a mapping."""
        return self.url.path.rstrip("/")

    def path(self, path: str) -> str:
        return f"{self.front}{'' if path in BESIDE else BASE}{path}"

    def connection(self) -> http.client.HTTPConnection:
        kind = http.client.HTTPSConnection if self.url.scheme == "https" else http.client.HTTPConnection
        return kind(self.connect_to.hostname, self.connect_to.port, timeout=SECONDS)


class Caller:
    """Somebody with headers of their own."""

    def __init__(self, site: Site, headers: dict[str, str], observed: Observed):
        self.site, self.headers, self.observed = site, {"Host": site.url.netloc, **headers}, observed

    def send(self, method: str, path: str, data: str | bytes | None, headers: dict[str, str]):
        """Sends a request to a whole path; the answer, and its body unpacked."""
        connection, began = self.site.connection(), time.monotonic()
        try:
            connection.request(method, path, data, {**self.headers, **headers})
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        millis = round((time.monotonic() - began) * 1000)
        if response.getheader("content-encoding") == "gzip":
            content = gzip.decompress(content)
        self.observed.note(method, path.removeprefix(self.site.front), response, content, millis)
        return response, content

    def ask(self, method: str, path: str, data: str | bytes | None = None, **headers: str) -> tuple[int, object]:
        """A request whose answer is looked at, whatever it is: the status, and the body where it is JSON."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        response, content = self.send(method, self.site.path(path), data, names)
        try:
            return response.status, json.loads(content)
        except ValueError:
            return response.status, None

    def call(self, method: str, path: str, status: int, body: object = None):
        """Sends a request, which must be answered with a status; the answer. Where it is sent on, it goes there as it was, once."""
        headers, data = {}, None
        if body is not None:
            data = json.dumps(body)
            headers["Content-Type"] = "application/json"
        whole = self.site.path(path)
        response, content = self.send(method, whole, data, headers)
        if response.status == 308 and status != 308:
            location = response.getheader("location")
            if location != whole.rstrip("/"):
                raise Unexpected(f"{method} {path} leads to {location}")
            response, content = self.send(method, location, data, headers)
        text = content.decode()
        if response.status != status:
            raise Unexpected(f"{method} {path}: {response.status} and not {status}: {text[:500]}")
        if not response.getheader("x-request-id"):
            raise Unexpected(f"{method} {path}: no request id")
        if not text:
            return None
        return text if path == "/docs" else json.loads(text)
