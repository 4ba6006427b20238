"""The life of a session, over HTTP. The steps are the same wherever Postern is deployed; a place says what can be looked at beside."""

import http.client
import time
from collections import Counter
from datetime import datetime

from api import Caller, Unexpected
from observed import Observed
from place import MARK, Place

ADDRESS = "198.51.100.7"
RULE = f"{ADDRESS}/32 tcp 22-22"
# What an unlucky request raises.
UNLUCKY = (OSError, http.client.HTTPException)
# A session's status that stays what it is.
OVER = ("CANCELLED", "EXPIRED", "FAILED")


class Steps:
    """Says what was done, and how long it took."""

    def __init__(self):
        self.began = time.monotonic()

    def done(self, what: str) -> None:
        now = time.monotonic()
        print(f"  {what:<62} {now - self.began:6.2f} s", flush=True)
        self.began = now


def wait_for(what: str, seconds: float, is_so, pause: float = 0.2) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(pause)


class Journey:
    def __init__(self, place: Place):
        self.place, self.steps, self.observed = place, Steps(), Observed()
        self.anonymous = self.caller({})
        self.admin = self.caller({"Authorization": f"Bearer {place.admin_token}"})
        self.person = self.caller({"Authorization": f"Bearer {place.person_token}"})
        self.secrets = [place.admin_token.split(".")[-1], place.person_token.split(".")[-1]]

    def caller(self, headers: dict[str, str]) -> Caller:
        return Caller(self.place.site, headers, self.observed)

    def wait_for(self, what: str, seconds: float, is_so) -> None:
        wait_for(what, seconds, is_so, self.place.pause)

    def status(self, session: str) -> str:
        return self.person.call("GET", f"/sessions/{session}", 200)["status"]

    def ingress_is(self, is_open: bool) -> bool:
        """Whether the group has the session's rule, or has not; also where nobody may look."""
        found = self.place.ingress()
        if found is None:
            return True
        if self.place.is_alone:
            return found == ([RULE] if is_open else [])
        return (RULE in found) == is_open

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
        roles = self.admin.call("GET", "/roles", 200)
        assert not (self.place.is_alone and roles), roles
        self.steps.done("no token 401, no administrator 403, no route 404, 405")
        self.meet()

    def meet(self) -> None:
        """Who the two callers are. That enters them in the directory, where they stay."""
        for caller, is_admin in ((self.admin, True), (self.person, False)):
            me = caller.call("GET", "/me", 200)
            assert me["isOrgAdmin"] is is_admin, f"the token of {'an administrator' if is_admin else 'a person'} is another one"
            self.observed.name(me["id"], "{person}")
            self.admin.call("GET", f"/users/{me['id']}", 200)
            if is_admin:
                self.admin_id, self.org = me["id"], me["organization"]
            else:
                self.person_id = me["id"]
                assert me["organization"] == self.org, "the two tokens name two organizations"
                assert not (self.place.is_alone and me["resources"]), me
        assert self.person_id != self.admin_id, "both tokens are of one person"
        self.steps.done("an administrator and a person of one organization")

    def look_at_paths(self) -> None:
        """What the gateway makes of slashes, of escapes and of requests that nobody sends."""
        fact, nobody = self.observed.fact, "postern-journey-nobody"
        whole, _ = self.admin.send("GET", self.place.site.path("/roles/"), None, {})
        credentials, _ = self.admin.send("GET", self.place.site.path("/credentials/"), None, {})
        kinds = {(308, 200): "greedy", (200, 200): "ignored", (308, 308): "fallback"}
        behaviour = kinds.get((whole.status, credentials.status), f"{whole.status} and {credentials.status}")
        fact("slashes", "a slash at the end", behaviour)
        assert behaviour in kinds.values(), f"a slash at the end: /roles/ and /credentials/ are answered with {behaviour}"
        for sent in ("", "%20b", "%3Fb", "%23b", "%25zz", "%2Fb", "%252Fb", "%253Fb", "%2525b", "%C3%A9"):
            status, body = self.admin.ask("GET", f"/users/{nobody}{sent}")
            said = body.get("path", body.get("message")) if isinstance(body, dict) else body
            said = said.removeprefix(self.place.site.front) if isinstance(said, str) else said
            fact("paths", f"/users/{nobody}{sent}", f"{status} {said}")
        for name, method, path, data, media_type in (
            ("HEAD", "HEAD", "/health", None, None),
            ("a form", "POST", "/roles", "name=a", "application/x-www-form-urlencoded"),
            ("no type", "POST", "/roles", "{}", None),
            ("300 KB", "POST", "/roles", b" " * 300_000, "application/json"),
            ("7 MB", "POST", "/roles", b" " * 7_000_000, "application/json"),
        ):
            headers = {"content_type": media_type} if media_type else {}
            status, body = self.admin.ask(method, path, data, **headers)
            message = body.get("message") if isinstance(body, dict) else body
            fact("odd", name, f"{status} {message or ''}".strip())
        self.steps.done("slashes, escapes and odd requests")

    def set_up(self) -> None:
        call, place = self.admin.call, self.place
        value = {"roleArn": place.target_role}
        credential = {"name": place.named("target account"), "credential_type": "ASSUME_ROLE", "value": value}
        self.credential = call("POST", "/credentials/", 201, credential)
        assert self.credential["value"] is None
        self.steps.done("the administrator registers a credential, sealed by KMS")
        self.spell()
        resource = {
            "name": place.named("bastion"), "credentialId": self.credential["id"], "provider": "AWS",
            "resourceType": "SECURITY_GROUP", "resourceIdentifier": place.group, "region": place.region,
            "config": {"protocol": "tcp", "port": 22},
        }
        self.resource = call("POST", "/resources", 201, resource)["id"]
        assert call("POST", f"/resources/{self.resource}/verify", 200)["isActive"]
        self.steps.done("a resource, verified through the role of the target account")
        self.role = call("POST", "/roles", 201, {"name": place.named("engineers")})["id"]
        call("POST", f"/roles/{self.role}/resources/{self.resource}", 200)
        # The resource is named, so that nothing else that the person may reach is opened.
        self.person.call("POST", "/sessions", 404, {"ipv4Address": ADDRESS, "resourceIds": [self.resource]})
        assert self.resource not in self.reach()
        call("POST", f"/roles/{self.role}/users/{self.person_id}", 200)
        assert self.resource in self.reach()
        self.steps.done("a role, its resource, its person")

    def reach(self) -> list[str]:
        return [found["id"] for found in self.person.call("GET", "/me", 200)["resources"]]

    def spell(self) -> None:
        """Each operation of credentials answers with and without the slash at the end of its path, and nothing behind it."""
        call = self.admin.call
        body = {"name": self.place.named("passphrase"), "credential_type": None, "value": "PLANTED-one", "is_sensitive": False}
        before = call("GET", "/credentials", 200)["count"]
        for slash in ("/", ""):
            spare = call("POST", f"/credentials{slash}", 201, body)["id"]
            count = call("GET", f"/credentials{slash}", 200)["count"]
            assert count == before + 1 or not self.place.is_alone, f"{count} credentials and not {before + 1}"
            path = f"/credentials/{spare}{slash}"
            assert call("PUT", path, 200, {**body, "value": "PLANTED-two"})["value"] == "PLANTED-two"
            renamed = self.place.named("renamed")
            assert call("PATCH", path, 200, {"name": renamed})["name"] == renamed
            assert call("GET", path, 200)["name"] == renamed
            for method, wrong in [("GET", f"{path}/b"), ("PUT", f"/credentials/{spare}/b{slash}"), ("POST", f"/credentials/{spare}/b")]:
                call(method, wrong, 404)
            call("POST", path, 405)
            call("DELETE", path, 204)
        self.steps.done("every operation of credentials, in both spellings")

    def start(self, minutes: int) -> str:
        body = {
            "durationMinutes": minutes, "ipv4Address": ADDRESS, "reason": self.place.named("session"), "resourceIds": [self.resource],
        }
        session = self.person.call("POST", "/sessions", 201, body)
        assert session["status"] == "PENDING", session
        self.wait_for("the session has its rule", 60, lambda: self.status(session["id"]) != "PENDING")
        session = self.person.call("GET", f"/sessions/{session['id']}", 200)
        assert session["status"] == "ACTIVE", session
        assert self.ingress_is(True), self.place.ingress()
        self.steps.done(f"a session of {minutes} minutes, and its rule by the table's stream")
        return session["id"]

    def stop(self, session: str) -> None:
        refused = self.admin.call("DELETE", f"/resources/{self.resource}", 400)
        assert refused["error"] == "RESOURCE_IN_USE", refused
        self.steps.done("the deletion of the resource is refused")
        assert self.person.call("POST", f"/sessions/{session}/stop", 200)["status"] == "EXPIRING"
        self.wait_for("the rule is gone", 60, lambda: self.ingress_is(False))
        self.wait_for("the session has ended", 60, lambda: self.status(session) == "CANCELLED")
        self.steps.done("stopped: the rule is gone")

    def expire(self, session: str) -> None:
        shown = self.person.call("GET", f"/sessions/{session}", 200)
        end = datetime.fromisoformat(shown["expiresAt"]).timestamp()
        can_look = self.place.ingress() is not None
        is_gone = (lambda: self.ingress_is(False)) if can_look else (lambda: self.status(session) == "EXPIRED")
        self.wait_for("the rule is gone at expiry", 180, is_gone)
        late = time.time() + (self.observed.ahead or 0) - end
        self.wait_for("the session has expired", 60, lambda: self.status(session) == "EXPIRED")
        late_max = self.place.late_max
        # A server's clock is known to the second.
        assert -2 < late < late_max, f"the rule went {late:.1f} s after the session's time"
        self.observed.fact("session", "its rule goes after its time", "within 10 s" if late < 10 else "within 75 s")
        self.steps.done(f"expired by its timer: the rule is gone {late:.1f} s after its time")

    def tear_down(self) -> None:
        body = {"name": self.place.named("CI"), "scopes": ["audit:read"]}
        key = self.admin.call("POST", "/api-keys", 201, body)["plainTextKey"]
        self.secrets.append(key)
        self.admin.call("DELETE", f"/resources/{self.resource}", 204)
        self.admin.call("GET", f"/resources/{self.resource}", 404)
        self.admin.call("DELETE", f"/credentials/{self.credential['id']}/", 204)
        self.steps.done("the resource and its credential are deleted")
        auditor = self.caller({"X-API-Key": key})
        self.check_record(auditor.call("GET", "/audit-logs?limit=500", 200)["content"])
        self.steps.done("the record is complete, read with an API key")

    def check_record(self, rows: list[dict]) -> None:
        """Each change of the journey has its row, those of the workers included. Where nobody else changes anything, nothing else has one."""
        once = [
            "RESOURCE_CREATE", "RESOURCE_VERIFY", "ROLE_CREATE", "ROLE_RESOURCE_ASSIGN",
            "ROLE_USER_ASSIGN", "SESSION_STOP", "SESSION_EXPIRE", "API_KEY_CREATE", "RESOURCE_DELETE",
        ]
        twice = ["SESSION_START", "RULE_APPLY", "RULE_REMOVE"]
        # Two people enter the directory. Elsewhere they may have been there before.
        twice += ["USER_CREATE"] if self.place.is_alone else []
        expected = Counter([(event, "SUCCESS") for event in once + twice * 2])
        # The target account's credential, and one for each spelling of paths.
        credentials = {"CREDENTIAL_CREATE": 3, "CREDENTIAL_UPDATE": 4, "CREDENTIAL_DELETE": 3}
        expected.update({(event, "SUCCESS"): count for event, count in credentials.items()})
        expected["RESOURCE_DELETE", "REFUSED"] = 1
        found = Counter((row["eventType"], row["result"]) for row in rows)
        assert not expected - found, f"{expected - found} missing"
        done = Counter({key: count for key, count in found.items() if key[1] == "SUCCESS"})
        assert not (self.place.is_alone and done - expected), f"{done - expected} too many"

    def check_logs(self) -> None:
        seen = self.place.check_logs(self.secrets)
        if seen:
            self.steps.done(seen)

    def walk(self) -> None:
        self.enter()
        self.look_at_paths()
        self.set_up()
        self.stop(self.start(60))
        self.expire(self.start(1))
        self.tear_down()
        self.check_logs()

    def clean(self, mark: str) -> list[str]:
        """Deletes what has a name that begins so, whatever has become of it; what could not be deleted. It finds its objects by their names,
        so that it also finds those of a run that was killed."""
        left: list[str] = []
        for session in self.found(left, self.person, "/sessions", "reason", mark):
            if session["status"] not in (*OVER, "EXPIRING"):
                self.remove(left, self.person, "POST", f"/sessions/{session['id']}/stop")
        families = ("/resources", "/credentials", "/roles", "/api-keys")
        for family in families:
            for item in self.found(left, self.admin, family, "name", mark):
                path = f"{family}/{item['id']}"
                self.remove(left, self.admin, "DELETE", f"{path}?drain=true" if family == "/resources" else path)
                if family == "/resources":
                    self.wait_until_gone(left, path)
        return left

    def found(self, left: list[str], caller: Caller, family: str, member: str, mark: str) -> list[dict]:
        path = f"{family}?length=100&search={mark.replace(' ', '%20')}" if family == "/credentials" else family
        try:
            items = caller.call("GET", path, 200)
        except (Unexpected, *UNLUCKY) as error:
            left.append(str(error))
            return []
        items = items["results"] if isinstance(items, dict) else items
        return [item for item in items if (item.get(member) or "").startswith(mark) and not item.get("revokedAt")]

    def remove(self, left: list[str], caller: Caller, method: str, path: str) -> None:
        """A change, tried for a while where something is in the way that goes by itself."""
        end = time.monotonic() + 120
        while True:
            try:
                status, body = caller.ask(method, path)
            except UNLUCKY as error:
                status, body = 503, str(error)
            if status in (200, 202, 204, 404):
                return
            if status not in (400, 429, 503) or time.monotonic() > end:
                left.append(f"{method} {path}: {status} {body}")
                return
            time.sleep(self.place.pause)

    def wait_until_gone(self, left: list[str], path: str) -> None:
        try:
            self.wait_for(f"{path} is gone", 120, lambda: self.admin.ask("GET", path)[0] == 404)
        except (AssertionError, *UNLUCKY) as error:
            left.append(str(error))


def whole_mark() -> str:
    """What every run's names begin with."""
    return f"{MARK} "
