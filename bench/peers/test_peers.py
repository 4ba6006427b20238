"""Every case of cases.json with every function: status, headers and body to the letter, calls, and the whole table afterwards.

Functions are processes that are asked through Lambda's Runtime API, so that what is tested is what is measured. With
POSTERN_LAMBDA_DIR Postern's own function is one of them.
"""

import base64
import copy
import json
import os
import re
import time
import unittest
import uuid
from pathlib import Path

from engine import Proxy, Table, connect
from function import Function
from settings import ACME, JWT, event_of, token

HERE = Path(__file__).resolve().parent
ENDPOINT = os.environ["POSTERN_TEST_DYNAMODB"]
UUID_V7 = "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
TIMESTAMP = r'"timestamp":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"'
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "same-origin",
    "x-request-id": "WHzEW8xxDAUsqmw=",
}
OWED = {401: {"www-authenticate": "Bearer"}, 503: {"retry-after": "1"}}


def typed(value):
    """A value of JSON in DynamoDB's types, as far as audit rows have them."""
    return {"NULL": True} if value is None else {"S": value}


def binary(members):
    return base64.b64decode(members["base64"]) if members.keys() == {"base64"} else members


FIXTURE = json.loads((HERE / "fixture.json").read_text(), object_hook=binary)


def known(path):
    """What stands in the placeholders of the cases."""
    ids = FIXTURE["ids"]
    tags = {f"tag:{name}": tag for name, tag in FIXTURE["tags"].items()}
    return {**ids, **tags, "ARCHIVE": ids["archive"].upper(), "reserve": str(uuid.UUID(int=1)), "path": path}


def filled(value, path=""):
    """The same with its placeholders filled in."""
    if isinstance(value, str):
        return re.sub(r"\{\{(.+?)\}\}", lambda name: known(path)[name[1]], value)
    if isinstance(value, list):
        return [filled(member, path) for member in value]
    return {name: filled(member, path) for name, member in value.items()} if isinstance(value, dict) else value


def links(resource, count):
    """Further links to roles, both sides of each."""
    role = lambda number: str(uuid.UUID(int=number + 100))
    side = {"entity": {"S": "LINK"}, "shape": {"N": "1"}, "data": {"M": {"createdAt": {"N": "1"}}}}
    sides = [(("RESOURCE", resource), ("ROLE", role(number))) for number in range(count)]
    both = [pair for one, other in sides for pair in ((one, other), (other, one))]
    keys = [(f"ORG#acme#{of}#{id_of}", f"{to}#{id_to}") for (of, id_of), (to, id_to) in both]
    return [{"pk": {"S": pk}, "sk": {"S": sk}, **side} for pk, sk in keys]


class Case:
    """One of cases.json, filled in."""

    def __init__(self, case, effects):
        self.path = f"/api/v1/resources/{filled(case['delete'])}"
        case = filled(case, self.path)
        effect = filled(effects[case["effect"]], self.path) if "effect" in case else {}
        self.name, self.status, self.delete = case["name"], case["status"], case["delete"]
        self.calls, self.fault = case.get("calls"), case.get("fault")
        self.before, self.between = case.get("before", []), case.get("between", [])
        self.links = links(self.delete, case.get("links", 0))
        linked = [[item["pk"]["S"], item["sk"]["S"]] for item in self.links]
        self.gone = effect.get("gone", []) + case.get("gone", []) + linked
        self.changed, self.recorded = effect.get("changed", []), effect.get("recorded")
        self.error = {name: case[name] for name in ("error", "message") if name in case}
        self.headers, self.claims = case.get("headers", {}), ACME | case.get("claims", {})
        self.scheme, self.signed = case.get("scheme", "Bearer"), {k: case[k] for k in ("key", "algorithm") if k in case}

    def event(self):
        event = event_of("resource-delete", {"resourceId": self.delete})
        authorization = f"{self.scheme} {token(self.claims, **self.signed)}".strip()
        event["headers"] |= {"authorization": authorization, **self.headers}
        if self.scheme is None:
            del event["headers"]["authorization"]
        return event


def read_cases():
    read = json.loads((HERE / "cases.json").read_text())
    return [Case(case, read["effects"]) for case in read["cases"]]


class Contract:
    """What each function promises. `bootstrap` is the subclass's."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.table = Table(connect(ENDPOINT), f"peers-{uuid.uuid4()}")
        cls.proxy = Proxy(ENDPOINT)
        cls.settings = JWT | {
            "POSTERN_TABLE": cls.table.name,
            "POSTERN_RATE_PER_MINUTE": "0",
            "AWS_ENDPOINT_URL": cls.proxy.endpoint,
        }
        cls.function = Function(cls.bootstrap, cls.settings)

    @classmethod
    def tearDownClass(cls):
        cls.function.close()
        cls.proxy.close()

    def check(self, case):
        expected = self.table.hold(copy.deepcopy(FIXTURE["items"]) + case.links)
        if case.before:
            self.table.change(case.before)
            expected = self.table.items()
        self.proxy.begin(lambda: expected.update(self.change(case.between)), case.fault)
        answer = self.function.invoke(case.event())
        calls, found = self.proxy.calls(), self.table.items()
        self.check_answer(case, answer)
        if case.calls is not None:
            self.assertEqual(calls, case.calls)
        for edit in case.between:
            if "set" not in edit:
                del expected[tuple(edit["key"])]
        self.check_table(case, expected, found)

    def change(self, edits):
        """Carries out edits in the midst of a request, and returns what they left."""
        self.table.change(edits)
        items, keys = self.table.items(), [tuple(edit["key"]) for edit in edits]
        return {key: items[key] for key in keys if key in items}

    def check_answer(self, case, answer):
        headers = HEADERS | OWED.get(case.status, {})
        if case.error:
            headers = headers | {"content-type": "application/json"}
        self.assertEqual(answer["statusCode"], case.status, answer)
        self.assertEqual(answer["headers"], headers)
        self.assertFalse(answer.get("isBase64Encoded"))
        body = answer.get("body") or ""
        stamp = re.search(TIMESTAMP, body)
        if case.error:
            body = json.dumps(case.error | {"timestamp": stamp[1]}, separators=(",", ":"), ensure_ascii=False)
            age = time.time() - time.mktime(time.strptime(stamp[1], "%Y-%m-%dT%H:%M:%SZ")) + time.timezone
            self.assertTrue(-1 < age < 30, stamp[1])
        self.assertEqual(answer.get("body") or "", body)

    def check_table(self, case, expected, found):
        rows = [item for key, item in found.items() if key not in expected]
        self.assertEqual(len(rows), 1 if case.recorded else 0, rows)
        if case.recorded:
            self.check_row(case, rows[0])
            del found[rows[0]["pk"]["S"], rows[0]["sk"]["S"]]
        for key in case.gone:
            del expected[tuple(key)]
        for edit in case.changed:
            item = expected[tuple(edit["key"])]
            item |= edit["set"]
            for name in [name for name, value in edit["set"].items() if value is None]:
                del item[name]
        self.assertEqual(found, expected)

    def check_row(self, case, row):
        at, _, row_id = row["sk"]["S"].partition("#")
        self.assertRegex(row["sk"]["S"], f"^[0-9]{{15}}#{UUID_V7}$")
        self.assertTrue(time.time() - 30 < int(at) / 1000 < time.time() + 1, at)
        self.assertEqual(uuid.UUID(row_id).int >> 80, int(at))
        data = {
            **case.recorded,
            "id": row_id,
            "actorId": case.claims["sub"],
            "actorEmail": case.claims["email"],
            "actorType": "USER",
            "ipAddress": "203.0.113.7",
        }
        data = {name: typed(value) for name, value in data.items()} | {"createdAt": {"N": str(int(at))}}
        pk = f"ORG#{case.claims['org']}#AUDIT"
        common = {"pk": {"S": pk}, "sk": row["sk"], "entity": {"S": "AUDIT"}, "shape": {"N": "1"}}
        self.assertEqual(row, common | {"data": {"M": data}})

    def test_it_does_not_start_without_a_setting(self):
        for missing in ("POSTERN_TABLE", "POSTERN_JWT_SECRET", "POSTERN_JWT_ISSUER", "POSTERN_JWT_AUDIENCE"):
            settings = {name: value for name, value in self.settings.items() if name != missing}
            # Postern's own tries to fetch keys where there is no secret.
            if missing == "POSTERN_JWT_SECRET" and "postern" in type(self).__name__.lower():
                continue
            with self.subTest(missing):
                function = Function(self.bootstrap, settings)
                try:
                    with self.assertRaises(AssertionError):
                        function.invoke(read_cases()[0].event())
                finally:
                    function.close()


def contract(name, bootstrap):
    """The tests of one function, a method for each case."""
    cases = {f"test_{case.name}": lambda self, case=case: self.check(case) for case in read_cases()}
    return type(name, (Contract, unittest.TestCase), {"bootstrap": str(bootstrap), **cases})


Node = contract("Node", HERE / "node" / "bootstrap")
Python = contract("Python", HERE / "python" / "bootstrap")
if "POSTERN_LAMBDA_DIR" in os.environ:
    Postern = contract("Postern", Path(os.environ["POSTERN_LAMBDA_DIR"]) / "resource-delete" / "bootstrap")
del contract
