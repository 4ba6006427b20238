"""What a deployment answered, as JSON that can be compared with that of another one."""

import email.utils
import json
import os
import re
import time

# What the emulated deployment answers, as `POSTERN_RECORD=1 infra/e2e.sh` writes it down.
RECORDED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "observed.json")
# Headers whose values are the same each time.
WITH_VALUE = ("access-control-allow-origin", "allow", "cache-control", "content-encoding", "content-type", "retry-after", "www-authenticate")
IDS = re.compile(r"(?<=/)([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[1-9A-HJ-NP-Za-km-z]{20,22})(?=/|$)")
TIME = re.compile(r"\d{4}-\d\d-\d\dT")
# What is compared. How long each call took is kept beside it, and differs each time.
COMPARED = ("calls", "slashes", "paths", "odd", "times", "session")


class Observed:
    def __init__(self):
        self.seen: dict[str, dict] = {name: {} for name in COMPARED}
        self.millis: dict[str, list[int]] = {}
        # Seconds by which the deployment's clock is ahead.
        self.ahead: float | None = None
        self.names: dict[str, str] = {}

    def name(self, text: str, name: str) -> None:
        """What stands for a segment of paths that differs from run to run."""
        self.names[text] = name

    def note(self, method: str, path: str, response, content: bytes, millis: int) -> None:
        key = f"{method} {self.general(path)} {response.status}"
        call = self.seen["calls"].setdefault(key, {"headers": {}, "body": ""})
        for name, value in response.getheaders():
            call["headers"][name] = value if name.lower() in WITH_VALUE else "…"
        try:
            body = json.loads(content)
        except ValueError:
            body = None
        call["body"] = max(call["body"], shape(body, content), key=len)
        if response.status >= 400 and isinstance(body, dict) and "error" in body:
            call["error"] = body["error"]
        self.note_times(body)
        self.millis.setdefault(key, []).append(millis)
        date = email.utils.parsedate_to_datetime(response.getheader("date")) if response.getheader("date") else None
        if self.ahead is None and date:
            self.ahead = date.timestamp() - time.time()

    def general(self, path: str) -> str:
        path, _, query = path.partition("?")
        segments = [self.names.get(segment, segment) for segment in path.split("/")]
        query = re.sub("=[^&]*", "", query)
        return IDS.sub("{id}", "/".join(segments)) + (f"?{query}" if query else "")

    def note_times(self, body: object) -> None:
        """How points in time are written."""
        if isinstance(body, dict):
            for value in body.values():
                self.note_times(value)
        elif isinstance(body, list):
            for value in body:
                self.note_times(value)
        elif isinstance(body, str) and TIME.match(body):
            self.seen["times"][re.sub(r"\d", "9", body)] = "seen"

    def fact(self, section: str, name: str, value: object) -> None:
        self.seen[section][name] = value

    def document(self) -> dict:
        return {name: dict(sorted(self.seen[name].items())) for name in COMPARED}

    def save(self, path: str) -> None:
        """Writes everything down, with how long each call took."""
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        millis = {key: {"calls": len(all_), "median": sorted(all_)[len(all_) // 2], "most": max(all_)} for key, all_ in sorted(self.millis.items())}
        with open(path, "w", encoding="utf-8") as file:
            json.dump({**self.document(), "millis": millis, "secondsAhead": self.ahead}, file, indent=1, ensure_ascii=False)
            file.write("\n")

    def record(self) -> None:
        with open(RECORDED, "w", encoding="utf-8") as file:
            json.dump(self.document(), file, indent=1, ensure_ascii=False)
            file.write("\n")

    def slowest(self, count: int) -> list[str]:
        """The calls that took longest."""
        most = sorted(((max(all_), key) for key, all_ in self.millis.items()), reverse=True)
        return [f"{millis} ms  {key}" for millis, key in most[:count]]

    def differences(self) -> list[str]:
        """What was answered otherwise than by the emulated deployment."""
        with open(RECORDED, encoding="utf-8") as file:
            return differences(json.load(file), self.document())


def shape(body: object, content: bytes) -> str:
    """The names in a body's object, or in the first of its list."""
    if body is None:
        return "no JSON" if content else ""
    if isinstance(body, list):
        return f"[{shape(body[0], b'')}]" if body else "[]"
    return " ".join(sorted(body)) if isinstance(body, dict) else type(body).__name__


def differences(there: object, here: object, name: str = "") -> list[str]:
    """Lines that say what differs between two documents."""
    if isinstance(there, dict) and isinstance(here, dict):
        inner = lambda key: f"{name}: {key}" if name else key  # noqa: E731
        lines = [differences(there.get(key), here.get(key), inner(key)) for key in sorted({*there, *here})]
        return [line for part in lines for line in part]
    if there == here:
        return []
    said = lambda value: "nothing" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)  # noqa: E731
    return [f"{name}\n    emulator: {said(there)}\n    here:     {said(here)}"]
