"""Moves the inputs of a fuzzing target between one text file, a line of base64 each, and a folder as libFuzzer wants it.

    corpus.py unpack|pack TARGET FILE FOLDER
"""

import base64
import hashlib
import pathlib
import sys

FUNCTIONS = pathlib.Path(__file__).parents[2] / "functions"
ID = "550e8400-e29b-41d4-a716-446655440000"
# Inputs that are longer are of use to libFuzzer only.
LONGEST = 4096


def seeds(target):
    """What a target begins with where nothing has been kept: the events that API Gateway would send."""
    if target != "event":
        return
    events = sorted(FUNCTIONS.glob("*/event.json"), key=lambda path: path.parent.name)
    events = [path.read_text() for path in events if "routeKey" in path.read_text()]
    for number, text in enumerate(events):
        for name in ("resourceId", "roleId", "credentialId", "userId", "sessionId", "apiKeyId", "ruleId"):
            text = text.replace("{{%s}}" % name, ID)
        yield bytes([number]) + text.encode()


def unpack(target, file, folder):
    inputs = [base64.b64decode(line) for line in file.read_text().splitlines()] if file.exists() else []
    for content in [*inputs, *seeds(target)]:
        (folder / hashlib.sha1(content).hexdigest()).write_bytes(content)


def pack(_target, file, folder):
    inputs = [path.read_bytes() for path in folder.iterdir()]
    lines = sorted(base64.b64encode(content).decode() for content in inputs if len(content) <= LONGEST)
    file.parent.mkdir(exist_ok=True)
    file.write_text("".join(line + "\n" for line in lines if line))


if __name__ == "__main__":
    task, target, file, folder = sys.argv[1:]
    {"unpack": unpack, "pack": pack}[task](target, pathlib.Path(file), pathlib.Path(folder))
