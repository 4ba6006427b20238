"""What the tests set: whose tokens count, and the events that functions are invoked with."""

import json
import time
from pathlib import Path

import jwt

ROOT = Path(__file__).resolve().parents[2]
JWT = {
    "POSTERN_JWT_SECRET": "a PLANTED secret of the tests, 32 bytes or more",
    "POSTERN_JWT_ISSUER": "https://issuer.test",
    "POSTERN_JWT_AUDIENCE": "postern-test",
}
ACME = {
    "sub": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "org": "acme",
    "roles": ["ORG_ADMIN"],
    "email": "admin@acme.example",
}
GLOBEX = ACME | {"org": "globex", "email": "admin@globex.example"}


def token(claims, key=JWT["POSTERN_JWT_SECRET"], algorithm="HS256"):
    """A token with these claims. Times are seconds from now; a claim that is null is left out."""
    usual = {"iss": JWT["POSTERN_JWT_ISSUER"], "aud": JWT["POSTERN_JWT_AUDIENCE"], "iat": 0, "exp": 3600}
    claims = {name: value for name, value in (usual | claims).items() if value is not None}
    for name in {"iat", "nbf", "exp"} & claims.keys():
        claims[name] += int(time.time())
    return jwt.encode(claims, None if algorithm == "none" else key, algorithm=algorithm)


def event_of(function, known):
    """A function's recorded event, with its placeholders filled in where something is known for them."""
    text = (ROOT / "functions" / function.replace("-", "_") / "event.json").read_text()
    for name, value in known.items():
        text = text.replace(f"{{{{{name}}}}}", value)
    return json.loads(text)
