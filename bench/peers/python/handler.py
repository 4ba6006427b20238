"""`DELETE /api/v1/resources/{id}`."""

import json
import re
import time
import traceback

from botocore.exceptions import ClientError, HTTPClientError

from caller import identify
from deletion import audit_row, delete_resource, iso
from failure import Failure, busy, internal, invalid, not_admin
from table import write

HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "same-origin",
}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
TAGS = re.compile(r'(W/)?"[\x21\x23-\x7e]*"(\s*,\s*(W/)?"[\x21\x23-\x7e]*")*')
BUSY = re.compile(
    "InternalServerError|LimitExceeded|ProvisionedThroughput|RequestLimitExceeded|Throttling|TransactionInProgress"
)


def precondition(header):
    """Whether an object with a tag may be changed, as `If-Match` says. Weak tags match nothing."""
    wanted = None if header is None else header.strip()
    if wanted in (None, "*"):
        return lambda tag: True
    if not TAGS.fullmatch(wanted):
        raise invalid('If-Match must be * or a list of ETags, such as "AbC123"')
    return lambda tag: any(other.strip() == f'"{tag()}"' for other in wanted.split(","))


def record_denied(caller, now, http):
    """An attempt of a known caller who may not. The answer stays the refusal that it is if it cannot be recorded."""
    try:
        row = audit_row(
            caller,
            now,
            {"method": http["method"]},
            eventType="ACCESS_DENIED",
            resourceType="REQUEST",
            resourceId=http["path"][:512],
            resourceName=None,
            result="DENIED",
        )
        write([row])
    except Exception:
        traceback.print_exc()


def respond(event, now, caller):
    if not caller.is_admin:
        record_denied(caller, now, event["requestContext"]["http"])
        raise not_admin()
    resource_id = event["pathParameters"]["id"]
    if not UUID.fullmatch(resource_id):
        raise invalid("id must be a UUID")
    admits = precondition(event["headers"].get("if-match"))
    delete_resource(caller, resource_id.lower(), admits, now)


def failure(error):
    if isinstance(error, Failure):
        return error
    if isinstance(error, ClientError):
        return busy() if BUSY.match(error.response["Error"]["Code"]) else internal()
    return busy() if isinstance(error, HTTPClientError) else internal()


def lambda_handler(event, context):
    now, caller, failed, cause = int(time.time() * 1000), None, None, None
    try:
        caller = identify(event)
        respond(event, now, caller)
    except Exception as error:
        failed = failure(error)
        cause = traceback.format_exc() if failed.status >= 500 else None
    status = failed.status if failed else 204
    request = event["requestContext"]
    line = {
        "requestId": request["requestId"],
        "method": request["http"]["method"],
        "path": request["http"]["path"],
        "status": status,
        "millis": int(time.time() * 1000) - now,
        "org": caller and caller.org,
        "user": caller and caller.user,
        "cause": cause,
    }
    print(json.dumps(line))
    headers = {**HEADERS, "x-request-id": request["requestId"]}
    if failed is None:
        return {"statusCode": status, "headers": headers}
    headers |= {**failed.headers, "content-type": "application/json"}
    body = {"error": failed.code, "message": failed.message, "timestamp": iso(now)}
    return {"statusCode": status, "headers": headers, "body": json.dumps(body, separators=(",", ":"))}
