"""The deployment on the emulated AWS, whose everything can be looked at."""

import os
from dataclasses import dataclass

import aws
import place
from api import BASE, Site
from tokens import token


@dataclass
class Emulated(place.Place):
    def ingress(self) -> list[str] | None:
        return aws.ingress()

    def check_logs(self, secrets: list[str]) -> str | None:
        lines = aws.log_lines()
        assert any("swept" in line for line in lines), "the sweeper's log was not found"
        assert any(f"{BASE}/sessions" in line for line in lines), "the log of requests was not found"
        for secret in [*secrets, os.environ["POSTERN_E2E_SECRET"]]:
            leaks = [line for line in lines if secret in line]
            assert not leaks, f"a secret is in the log: {leaks[0][:60]}…"
        assert aws.failures() == 0, "a worker has failed at something"
        return f"no secret in {len(lines)} lines of log, nothing in the queue of failures"


def here() -> Emulated:
    """The deployment of this run."""
    connect_to = os.environ["AWS_ENDPOINT_URL"].removeprefix("http://")
    return Emulated(
        site=Site(url(), connect_to),
        admin_token=token("ada", "ORG_ADMIN"),
        person_token=token("grace"),
        target_role=aws.outputs("postern-target")["RoleArn"],
        group=aws.group_id(),
        region="eu-central-1",
        pause=0.2,
        # The emulator looks at its queues and streams once a second, and starts a process for a function. The sweep alone would take up to
        # a minute.
        late_max=10,
        is_alone=True,
    )


def url() -> str:
    """Where the API answers, once a name leads to this machine."""
    netloc = os.environ["AWS_ENDPOINT_URL"].removeprefix("http://")
    return f"http://{aws.outputs()['ApiId']}.execute-api.{netloc}{BASE}"
