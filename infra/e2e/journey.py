"""The life of a session, over HTTP."""

import os
import time
from collections import Counter
from datetime import datetime

import aws
from api import Caller, token

ADDRESS = "198.51.100.7"
RULE = f"{ADDRESS}/32 tcp 22-22"
EXTERNAL_ID = "postern:acme"
# Seconds after the end of a session until its rule is seen to be gone.
LATE_MAX = 10


class Steps:
    """Says what was done, and how long it took."""

    def __init__(self):
        self.began = time.monotonic()

    def done(self, what: str) -> None:
        now = time.monotonic()
        print(f"  {what:<62} {now - self.began:6.2f} s", flush=True)
        self.began = now


def wait_for(what: str, seconds: int, is_so) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(0.2)


class Journey:
    def __init__(self, root: str):
        api = aws.outputs()["ApiId"]
        self.root, self.api, self.steps = root, api, Steps()
        self.anonymous = Caller(api, {})
        self.admin = Caller(api, {"Authorization": f"Bearer {token('ada', 'ORG_ADMIN')}"})
        self.person = Caller(api, {"Authorization": f"Bearer {token('grace')}"})
        self.secrets = [os.environ["POSTERN_E2E_SECRET"]]

    def status(self, session: str) -> str:
        return self.person.call("GET", f"/sessions/{session}", 200)["status"]

    def enter(self) -> None:
        self.anonymous.call("GET", "/health", 200)
        self.steps.done("anybody asks for health: a first cold start")
        assert self.anonymous.call("GET", "/openapi.json", 200)["info"]["title"] == "Postern"
        assert self.anonymous.call("GET", "/docs", 200).startswith("<!DOCTYPE html>")
        self.steps.done("the description, and the page that shows it")
        self.anonymous.call("GET", "/resources", 401)
        self.person.call("GET", "/resources", 403)
        self.anonymous.call("GET", "/nothing", 404)
        self.admin.call("PUT", "/roles", 405)
        self.anonymous.call("GET", "/roles/", 308)
        assert self.admin.call("GET", "/roles/", 200) == []
        self.steps.done("no token 401, no administrator 403, no route 404, 405, a slash 308")

    def set_up(self) -> None:
        call = self.admin.call
        role_arn = aws.outputs("postern-target")["RoleArn"]
        value = {"roleArn": role_arn, "externalId": EXTERNAL_ID}
        credential = {"name": "Target account", "credential_type": "ASSUME_ROLE", "value": value}
        self.credential = call("POST", "/credentials/", 201, credential)
        assert self.credential["value"] is None
        self.steps.done("the administrator registers a credential, sealed by KMS")
        self.spell()
        resource = {
            "name": "Bastion", "credentialId": self.credential["id"], "provider": "AWS",
            "resourceType": "SECURITY_GROUP", "resourceIdentifier": aws.group_id(), "region": "eu-central-1",
            "config": {"protocol": "tcp", "port": 22},
        }
        self.resource = call("POST", "/resources", 201, resource)["id"]
        assert call("POST", f"/resources/{self.resource}/verify", 200)["isActive"]
        self.steps.done("a resource, verified through the role of the target account")
        self.role = call("POST", "/roles", 201, {"name": "Engineers"})["id"]
        call("POST", f"/roles/{self.role}/resources/{self.resource}", 200)
        self.person.call("POST", "/sessions", 400, {"ipv4Address": ADDRESS})
        assert self.person.call("GET", "/me", 200)["resources"] == []
        call("POST", f"/roles/{self.role}/users/grace", 200)
        assert [found["id"] for found in self.person.call("GET", "/me", 200)["resources"]] == [self.resource]
        self.steps.done("a role, its resource, its person")

    def spell(self) -> None:
        """Each operation of credentials answers with and without the slash at the end of its path, and nothing behind it."""
        call = self.admin.call
        body = {"name": "A passphrase", "credential_type": None, "value": "PLANTED-one", "is_sensitive": False}
        for slash in ("/", ""):
            spare = call("POST", f"/credentials{slash}", 201, body)["id"]
            assert call("GET", f"/credentials{slash}", 200)["count"] == 2
            path = f"/credentials/{spare}{slash}"
            assert call("PUT", path, 200, {**body, "value": "PLANTED-two"})["value"] == "PLANTED-two"
            assert call("PATCH", path, 200, {"name": "Renamed"})["name"] == "Renamed"
            assert call("GET", path, 200)["name"] == "Renamed"
            for method, wrong in [("GET", f"{path}/b"), ("PUT", f"/credentials/{spare}/b{slash}"), ("POST", f"/credentials/{spare}/b")]:
                call(method, wrong, 404)
            call("POST", path, 405)
            call("DELETE", path, 204)
        self.steps.done("every operation of credentials, in both spellings")

    def start(self, minutes: int) -> str:
        body = {"durationMinutes": minutes, "ipv4Address": ADDRESS, "reason": "e2e"}
        session = self.person.call("POST", "/sessions", 201, body)
        assert session["status"] == "PENDING", session
        wait_for("the session has its rule", 60, lambda: self.status(session["id"]) != "PENDING")
        session = self.person.call("GET", f"/sessions/{session['id']}", 200)
        assert session["status"] == "ACTIVE", session
        assert aws.ingress() == [RULE], aws.ingress()
        self.steps.done(f"a session of {minutes} minutes, and its rule by the table's stream")
        return session["id"]

    def stop(self, session: str) -> None:
        refused = self.admin.call("DELETE", f"/resources/{self.resource}", 400)
        assert refused["error"] == "RESOURCE_IN_USE", refused
        self.steps.done("the deletion of the resource is refused")
        assert self.person.call("POST", f"/sessions/{session}/stop", 200)["status"] == "EXPIRING"
        wait_for("the rule is gone", 60, lambda: aws.ingress() == [])
        wait_for("the session has ended", 60, lambda: self.status(session) == "CANCELLED")
        self.steps.done("stopped: the rule is gone")

    def expire(self, session: str) -> None:
        shown = self.person.call("GET", f"/sessions/{session}", 200)
        end = datetime.fromisoformat(shown["expiresAt"]).timestamp()
        wait_for("the rule is gone at expiry", 180, lambda: aws.ingress() == [])
        late = time.time() - end
        wait_for("the session has expired", 60, lambda: self.status(session) == "EXPIRED")
        # The emulator looks at its queues and streams once a second, and starts a process for a function. The sweep alone
        # would take up to a minute.
        assert -1 < late < LATE_MAX, f"the rule went {late:.1f} s after the session's time"
        self.steps.done(f"expired by its timer: the rule is gone {late:.1f} s after its time")

    def tear_down(self) -> None:
        key = self.admin.call("POST", "/api-keys", 201, {"name": "CI", "scopes": ["audit:read"]})
        self.secrets.append(key["plainTextKey"])
        self.admin.call("DELETE", f"/resources/{self.resource}", 204)
        self.admin.call("GET", f"/resources/{self.resource}", 404)
        self.admin.call("DELETE", f"/credentials/{self.credential['id']}/", 204)
        self.steps.done("the resource and its credential are deleted")
        auditor = Caller(self.api, {"X-API-Key": key["plainTextKey"]})
        self.check_record(auditor.call("GET", "/audit-logs?limit=500", 200)["content"])
        self.steps.done("the record is complete, read with an API key")

    def check_record(self, rows: list[dict]) -> None:
        """Each change of the journey has its row, those of the workers included, and nothing else has one."""
        once = [
            "RESOURCE_CREATE", "RESOURCE_VERIFY", "ROLE_CREATE", "ROLE_RESOURCE_ASSIGN",
            "ROLE_USER_ASSIGN", "SESSION_STOP", "SESSION_EXPIRE", "API_KEY_CREATE", "RESOURCE_DELETE",
        ]
        # Two people enter the directory: the person, and the administrator who makes an API key.
        twice = ["USER_CREATE", "SESSION_START", "RULE_APPLY", "RULE_REMOVE"]
        expected = Counter([(event, "SUCCESS") for event in once + twice * 2])
        expected["RESOURCE_DELETE", "REFUSED"] = 1
        # The target account's credential, and one for each spelling of paths.
        credentials = {"CREDENTIAL_CREATE": 3, "CREDENTIAL_UPDATE": 4, "CREDENTIAL_DELETE": 3}
        expected.update({(event, "SUCCESS"): count for event, count in credentials.items()})
        found = Counter((row["eventType"], row["result"]) for row in rows)
        assert found == expected, f"{found - expected} too many, {expected - found} missing"

    def check_logs(self) -> None:
        lines = aws.log_lines()
        assert any("swept" in line for line in lines), "the sweeper's log was not found"
        assert any("/api/v1/sessions" in line for line in lines), "the log of requests was not found"
        bearers = [caller.headers["Authorization"].split(".")[-1] for caller in (self.admin, self.person)]
        for secret in self.secrets + bearers:
            leaks = [line for line in lines if secret in line]
            assert not leaks, f"a secret is in the log: {leaks[0][:60]}…"
        assert aws.failures() == 0, "a worker has failed at something"
        self.steps.done(f"no secret in {len(lines)} lines of log, nothing in the queue of failures")


def walk(root: str) -> None:
    journey = Journey(root)
    journey.enter()
    journey.set_up()
    journey.stop(journey.start(60))
    journey.expire(journey.start(1))
    journey.tear_down()
    journey.check_logs()
