"""What a deployment answered, as JSON that can be compared with that of another one."""

import email.utils
import json
import os
import re
import time
from collections import Counter

# What the emulated deployment answers, as `POSTERN_RECORD=1 tests/e2e.sh` writes it down.
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
        call = self.seen["calls"].setdefault(key, {"headers": "", "body": ""})
        headers = {f"{name}: {value}" if name.lower() in WITH_VALUE else name for name, value in response.getheaders()}
        call["headers"] = " | ".join(sorted({*headers, *filter(None, call["headers"].split(" | "))}))
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


def differences(there: dict, here: dict) -> list[str]:
    """Lines that say what differs between two documents."""
    calls = [document["calls"] for document in (there, here)]
    common = [key for key in calls[0] if key in calls[1]]
    lines = [f"emulator alone: {key}" for key in sorted({*calls[0]} - {*calls[1]})]
    lines += [f"here alone: {key}" for key in sorted({*calls[1]} - {*calls[0]})]
    lines += headers([[document[key]["headers"] for key in common] for document in calls])
    said = [[{key: call[key].get(part) for key in common} for call in calls] for part in ("body", "error")]
    sections = [[document.get(name, {}) for document in (there, here)] for name in COMPARED if name != "calls"]
    for one, other in [*said, *sections]:
        for key in sorted({*one, *other}):
            # An empty list says nothing of its members.
            if one.get(key) != other.get(key) and not is_empty_list(one.get(key), other.get(key)):
                lines.append(f"{key}\n    emulator: {one.get(key) or 'nothing'}\n    here:     {other.get(key) or 'nothing'}")
    return lines


def is_empty_list(*bodies: str | None) -> bool:
    return "[]" in bodies and all(body and body.startswith("[") for body in bodies)


def headers(both: list[list[str]]) -> list[str]:
    """Headers that only one has, each once, however many answers have it."""
    there, here = ([{*filter(None, text.split(" | "))} for text in texts] for texts in both)
    lines = []
    for name, one, other in (("emulator", there, here), ("here", here, there)):
        alone = Counter(header for mine, others in zip(one, other) for header in mine - others)
        lines += [f"header of {name} alone, in {count} kinds of answers: {header}" for header, count in sorted(alone.items())]
    return lines
