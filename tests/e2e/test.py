"""Tests of what the journey writes down and is told, without a deployment: infra/check.sh runs them."""

import base64
import json
import os
import tempfile
import time
import unittest
from unittest import mock

import place
from api import Site
from observed import Observed, differences


class Response:
    def __init__(self, status: int, **headers: str):
        self.status, self.headers = status, headers

    def getheaders(self):
        return list(self.headers.items())

    def getheader(self, name: str):
        return self.headers.get(name)


def noted(*answers) -> dict:
    observed = Observed()
    observed.name("ada", "{person}")
    for path, response, body in answers:
        observed.note("GET", path, response, json.dumps(body).encode(), 5)
    return observed.document()


class WhatIsObserved(unittest.TestCase):
    def test_ids_and_values_that_differ_each_time_are_left_out(self):
        ids = ["01a21497-15c0-72b3-b143-740c3d5d5723", "1ChQMCfMcdb1tB5siLVGuE"]
        documents = [
            noted((f"/users/ada/roles/{name}?cursor={name}", Response(200, etag=name, allow="GET"), {"id": name, "createdAt": time_}))
            for name, time_ in zip(ids, ["2026-02-18T10:30:00Z", "2027-03-19T11:31:01Z"])
        ]
        self.assertEqual(documents[0], documents[1])
        self.assertEqual(list(documents[0]["calls"]), ["GET /users/{person}/roles/{id}?cursor 200"])
        self.assertEqual(documents[0]["calls"]["GET /users/{person}/roles/{id}?cursor 200"]["headers"], "allow: GET | etag")

    def test_each_kind_of_difference_is_said_once(self):
        there = noted(("/a", Response(200, Server="x"), {}), ("/b", Response(200, Server="y"), {"one": 1}))
        here = noted(("/a", Response(200, server="x"), {}), ("/b", Response(200, server="y"), {"two": 1}), ("/c", Response(404), {}))
        self.assertEqual(differences(there, there), [])
        found = differences(there, here)
        self.assertEqual(found[:3], [
            "here alone: GET /c 404", "header of emulator alone, in 2 kinds of answers: Server", "header of here alone, in 2 kinds of answers: server",
        ])
        self.assertEqual(found[3:], ["GET /b 200\n    emulator: one\n    here:     two"])

    def test_an_empty_list_is_like_any_other_and_like_nothing_else(self):
        empty, one, none = (noted(("/a", Response(200), body)) for body in ([], [{"id": 1}], {"id": 1}))
        self.assertEqual((differences(empty, one), differences(one, empty)), ([], []))
        self.assertEqual(len(differences(empty, none)), 1)

    def test_times_with_another_fraction_are_other_times(self):
        whole, parts = (noted(("/a", Response(200), [{"createdAt": text}])) for text in ("2026-02-18T10:30:00Z", "2026-02-18T10:30:00.123Z"))
        self.assertEqual(len(differences(whole, parts)), 2)


def token(seconds: int) -> str:
    body = base64.urlsafe_b64encode(json.dumps({"exp": time.time() + seconds}).encode()).rstrip(b"=").decode()
    return f"a.{body}.PLANTED"


class WhatIsGiven(unittest.TestCase):
    def given(self, url: str = "https://api.example/team/api/v1", **changed: str):
        variables = {
            "POSTERN_ADMIN_TOKEN": token(3600), "POSTERN_PERSON_TOKEN": token(3600), "POSTERN_TARGET_ROLE": "r", "POSTERN_GROUP": "g",
            "POSTERN_GROUP_REGION": "e", **changed,
        }
        with mock.patch.dict(os.environ, variables, clear=True):
            return place.of_environment(url, None)

    def test_a_front_is_part_of_every_path(self):
        site = self.given().site
        self.assertEqual((site.path("/roles"), site.path("/docs")), ("/team/api/v1/roles", "/team/docs"))
        self.assertEqual(Site("https://api.example/api/v1/").path("/roles"), "/api/v1/roles")

    def test_tokens_go_nowhere_in_clear(self):
        for url in ("http://api.example/api/v1", "ftp://api.example/api/v1", "https://api.example/v1"):
            with self.assertRaises(place.Incomplete):
                self.given(url)
        self.given("http://127.0.0.1:3000/api/v1")

    def test_a_token_that_is_none_or_is_over_soon_is_refused_without_being_said(self):
        for wrong in ("PLANTED", "a.PLANTED.b", token(599), ""):
            with self.assertRaises(place.Incomplete) as refused:
                self.given(POSTERN_ADMIN_TOKEN=wrong)
            self.assertNotIn("PLANTED", str(refused.exception))

    def test_a_token_in_a_file_is_for_its_owner_alone(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(token(3600) + "\n")
            file.flush()
            os.chmod(file.name, 0o600)
            self.assertTrue(self.given(POSTERN_ADMIN_TOKEN="", POSTERN_ADMIN_TOKEN_FILE=file.name).admin_token.endswith("PLANTED"))
            os.chmod(file.name, 0o644)
            with self.assertRaises(place.Incomplete):
                self.given(POSTERN_ADMIN_TOKEN_FILE=file.name)


if __name__ == "__main__":
    unittest.main()
