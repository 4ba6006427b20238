"""The deployments that the journey goes to: what each has, and what can be done there beside HTTP."""

import base64
import json
import os
import re
import secrets
import stat
import time
from dataclasses import dataclass, field

from api import BASE, Site

# What the journey makes has a name that begins so. Nothing else is ever deleted.
MARK = "postern journey"


class Incomplete(Exception):
    """What the environment lacks, for people."""


@dataclass
class Place:
    """A deployment with an organization, and a target account with a security group that nothing uses."""

    site: Site
    admin_token: str
    person_token: str
    target_role: str
    group: str
    region: str
    # Seconds between two looks at a session.
    pause: float = 1.0
    # The longest that a rule may stay after the session's time. The sweep comes each minute.
    late_max: float = 75.0
    # Whether nobody else uses the organization, so that everything that it has is known.
    is_alone: bool = False
    run: str = field(default_factory=lambda: secrets.token_hex(4))

    def named(self, what: str) -> str:
        """A name that nothing else has."""
        return f"{MARK} {self.run}: {what}"

    def ingress(self) -> list[str] | None:
        """The inbound rules of the group, such as `198.51.100.7/32 tcp 22-22`; nothing where nobody may look."""
        return None

    def check_logs(self, _secrets: list[str]) -> str | None:
        """Looks for secrets in everything that was logged; what was seen. Nothing where nobody may look."""
        return None


@dataclass
class Real(Place):
    """A deployment that is known by its URL. The group can be looked at with a profile of the AWS CLI."""

    profile: str | None = None

    def ingress(self) -> list[str] | None:
        if not self.profile:
            return None
        import boto3

        client = boto3.Session(profile_name=self.profile, region_name=self.region).client("ec2")
        filters = [{"Name": "group-id", "Values": [self.group]}]
        pages = client.get_paginator("describe_security_group_rules").paginate(Filters=filters)
        return rules(rule for page in pages for rule in page["SecurityGroupRules"])


def rules(found) -> list[str]:
    return sorted(
        f"{rule.get('CidrIpv4') or rule.get('CidrIpv6')} {rule['IpProtocol']} {rule['FromPort']}-{rule['ToPort']}"
        for rule in found
        if not rule["IsEgress"]
    )


VARIABLES = {"target_role": "POSTERN_TARGET_ROLE", "group": "POSTERN_GROUP", "region": "POSTERN_GROUP_REGION"}
TOKENS = {"admin_token": "POSTERN_ADMIN_TOKEN", "person_token": "POSTERN_PERSON_TOKEN"}
# A session of a minute, and what comes before and after it.
TOKEN_SECONDS_MIN = 600


def of_environment(url: str, connect_to: str | None) -> Real:
    """The place of a URL, with what the environment says of it."""
    site = Site(url, connect_to)
    is_here = site.url.hostname in ("localhost", "127.0.0.1", "::1") or (connect_to or "").startswith("127.0.0.1:")
    if site.url.scheme != "https" and not (site.url.scheme == "http" and is_here):
        raise Incomplete(f"{url}: tokens go to https:// alone, or to this machine")
    if not url.rstrip("/").endswith(BASE):
        raise Incomplete(f"{url}: the output ApiUrl ends with {BASE}")
    missing = [variable for variable in VARIABLES.values() if not os.environ.get(variable)]
    missing += [f"{variable} or {variable}_FILE" for variable in TOKENS.values() if not token_of(variable)]
    if missing:
        raise Incomplete(f"set {', '.join(missing)}: docs/guides/first-hour.md says what they are")
    given = {member: os.environ[variable] for member, variable in VARIABLES.items()}
    tokens = {member: checked(variable, token_of(variable)) for member, variable in TOKENS.items()}
    return Real(site=site, **given, **tokens, profile=os.environ.get("POSTERN_GROUP_PROFILE"))


def token_of(variable: str) -> str | None:
    """A token, which stands in the environment or in a file that nobody else may read."""
    path = os.environ.get(f"{variable}_FILE")
    if not path:
        return os.environ.get(variable)
    if os.stat(path).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Incomplete(f"{variable}_FILE: {path} may be read by others: chmod 600")
    with open(path, encoding="utf-8") as file:
        return file.read().strip()


def checked(variable: str, token: str) -> str:
    """A token that lasts. What is wrong with it is said without it."""
    if not re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", token):
        raise Incomplete(f"{variable}: no JWT")
    body = token.split(".")[1]
    try:
        left = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))["exp"] - time.time()
    except (ValueError, KeyError, TypeError):
        raise Incomplete(f"{variable}: no JWT with a time of expiry") from None
    if left < TOKEN_SECONDS_MIN:
        raise Incomplete(f"{variable}: expires in {max(0, int(left))} s, and the journey takes up to {TOKEN_SECONDS_MIN} s")
    return token
