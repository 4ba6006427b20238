"""Tokens of the emulated deployment's issuer, which is this run."""

import base64
import hashlib
import hmac
import json
import os
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KID = "e2e"


def part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def secret() -> bytes:
    return os.environ["POSTERN_E2E_SECRET"].encode()


def key() -> Ed25519PrivateKey:
    """The private key of this run."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(secret()).digest())


def key_set() -> str:
    """The set of keys that tokens with EdDSA are verified by."""
    public = key().public_key().public_bytes_raw()
    return json.dumps({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": KID, "x": part(public)}]}, separators=(",", ":"))


def token(sub: str, *roles: str) -> str:
    """A token for an hour: HS256, or EdDSA where POSTERN_E2E_TOKENS says `keys`."""
    claims = {
        "iss": "https://issuer.example", "aud": "postern", "sub": sub, "org": "acme", "roles": list(roles),
        "email": f"{sub}@acme.example", "exp": int(time.time()) + 3600,
    }
    has_keys = os.environ.get("POSTERN_E2E_TOKENS") == "keys"
    header = {"alg": "EdDSA", "kid": KID} if has_keys else {"alg": "HS256", "typ": "JWT"}
    text = ".".join(part(json.dumps(claim).encode()) for claim in (header, claims))
    signature = key().sign(text.encode()) if has_keys else hmac.new(secret(), text.encode(), hashlib.sha256).digest()
    return f"{text}.{part(signature)}"
