"""Who calls, as the request's token says."""

import os
import re
from dataclasses import dataclass

import jwt

from failure import unauthenticated

KEY = os.environ["POSTERN_JWT_SECRET"]
EXPECTED = {
    "algorithms": ["HS256"],
    "issuer": os.environ["POSTERN_JWT_ISSUER"],
    "audience": os.environ["POSTERN_JWT_AUDIENCE"],
    "leeway": 60,
    "options": {"require": ["exp", "iss", "aud", "sub", "org"], "verify_iat": False},
}
BEARER = re.compile(r"(?:bearer|jwt) +(\S+)", re.IGNORECASE)

# The organization becomes part of the table's keys: nothing in it may separate their parts.
ORG = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._~-]{1,64}")
USER = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._~|@:+-]{1,128}")


@dataclass
class Caller:
    org: str
    user: str
    email: str | None
    address: str | None
    is_admin: bool


def is_fit(pattern, value):
    return isinstance(value, str) and pattern.fullmatch(value)


def identify(event):
    """The caller whom the request's token names."""
    headers = event["headers"]
    shown = BEARER.fullmatch(headers.get("authorization", "").strip())
    if not shown or "x-api-key" in headers:
        raise unauthenticated()
    try:
        claims = jwt.decode(shown[1], KEY, **EXPECTED)
    except jwt.InvalidTokenError:
        raise unauthenticated() from None
    if not is_fit(USER, claims["sub"]) or not is_fit(ORG, claims["org"]):
        raise unauthenticated()
    roles, email = claims.get("roles"), claims.get("email")
    held = roles.split(" ") if isinstance(roles, str) else roles
    return Caller(
        org=claims["org"],
        user=claims["sub"],
        email=email if isinstance(email, str) and email else None,
        address=event["requestContext"]["http"].get("sourceIp"),
        is_admin=isinstance(held, list) and "ORG_ADMIN" in held,
    )
