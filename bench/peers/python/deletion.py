"""The deletion of a resource."""

import base64
import hashlib
import json
from datetime import datetime, timezone

from failure import in_use, not_found, precondition_failed
from table import ordered_uuid, partition, pause, put, remove, update, write

WRITES_MAX = 100
WRITES_A_LINK = 2

SHOWN = (
    "id name credentialId credentialName provider resourceType resourceIdentifier region "
    "config isActive lastVerifiedAt createdAt updatedAt"
).split()
TIMES = SHOWN[-3:]


def iso(millis):
    return datetime.fromtimestamp(millis // 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def shown(name, attribute):
    """A member of the representation, as JSON."""
    kind, value = next(iter(attribute.items()))
    # The config is JSON text, and stands in the representation as it is.
    if name == "config":
        return value
    if kind == "NULL":
        return "null"
    return json.dumps(iso(int(value)) if name in TIMES else value, ensure_ascii=False)


def tag(item):
    """Postern's `ETag` of a resource: a digest of version and representation."""
    data = item["data"]["M"]
    members = ",".join(f'"{name}":{shown(name, data[name])}' for name in SHOWN)
    number = int(item["version"]["N"]).to_bytes(8, "big", signed=True)
    digest = hashlib.sha256(number + f"{{{members}}}".encode()).digest()
    return base64.urlsafe_b64encode(digest[:12]).decode()


def audit_row(caller, now, details=None, **entry):
    """A row of the audit log."""
    row_id = ordered_uuid(now)
    row = {
        "id": row_id,
        "actorId": caller.user,
        "actorEmail": caller.email,
        "actorType": "USER",
        "ipAddress": caller.address,
        "createdAt": now,
        "details": json.dumps(details or {}, separators=(",", ":"), ensure_ascii=False),
        **entry,
    }
    key = {"pk": f"ORG#{caller.org}#AUDIT", "sk": f"{now:015}#{row_id}"}
    return put({**key, "entity": "AUDIT", "shape": 1, "data": row})


def deletion_row(caller, now, item, result="SUCCESS", details=None):
    data = item["data"]["M"]
    return audit_row(
        caller,
        now,
        details,
        eventType="RESOURCE_DELETE",
        resourceType="RESOURCE",
        resourceId=data["id"]["S"],
        resourceName=data["name"]["S"],
        result=result,
    )


def unlink(org, resource_id, link):
    """Both sides of a link: an item on the resource's, on the other an item of a role or an id in a user's set."""
    pk, sk = link["pk"]["S"], link["sk"]["S"]
    holder = f"ORG#{org}#{sk}"
    if sk.startswith("ROLE#"):
        return [remove(pk, sk), remove(holder, f"RESOURCE#{resource_id}")]
    ids = {":ids": {"SS": [resource_id]}}
    return [remove(pk, sk), update(holder, "#USER", "DELETE resourceIds :ids", ids, is_optional=True)]


def unlink_all(org, resource_id, links):
    """Removes links whose resource is gone, in as many transactions as they need."""
    room = WRITES_MAX // WRITES_A_LINK
    for start in range(0, len(links), room):
        write([part for link in links[start : start + room] for part in unlink(org, resource_id, link)])


def delete_as_read(caller, now, item, links):
    """Deletes the resource as it was read, with its links. What was in the way, if anything."""
    resource_id = item["data"]["M"]["id"]["S"]
    credential = f"ORG#{caller.org}#CREDENTIAL#{item['data']['M']['credentialId']['S']}"
    own = [
        remove(
            item["pk"]["S"],
            item["sk"]["S"],
            ConditionExpression="version = :version AND linked = :linked AND live = :zero",
            ExpressionAttributeValues={
                ":version": item["version"],
                ":linked": item["linked"],
                ":zero": {"N": "0"},
            },
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        ),
        update(
            credential,
            "#CREDENTIAL",
            "SET #usage = #usage - :one, version = version + :one",
            {":one": {"N": "1"}},
            ExpressionAttributeNames={"#usage": "usage"},
        ),
        remove(credential, f"RESOURCE#{resource_id}", ConditionExpression="attribute_exists(pk)"),
    ]
    room = (WRITES_MAX - len(own) - 1) // WRITES_A_LINK
    fitting = [part for link in links[:room] for part in unlink(caller.org, resource_id, link)]
    failed = write([*own, *fitting, deletion_row(caller, now, item)])
    if failed:
        entry, reason = failed
        return entry is own[0], reason.get("Item")
    unlink_all(caller.org, resource_id, links[room:])
    return None


def delete_resource(caller, resource_id, admits, now):
    """Deletes a resource that no session holds, with its links and its reference."""
    attempt = 0
    while True:
        items = partition(f"ORG#{caller.org}#RESOURCE#{resource_id}")
        item = next((item for item in items if item["entity"]["S"] == "RESOURCE"), None)
        links = [item for item in items if item["entity"]["S"] == "LINK"]
        if item is None:
            unlink_all(caller.org, resource_id, links)
            raise not_found(resource_id)
        if not admits(lambda: tag(item)):
            raise precondition_failed()
        failed = (True, item) if int(item["live"]["N"]) > 0 else delete_as_read(caller, now, item, links)
        if failed is None:
            return
        is_resource, found = failed
        if is_resource and not found:
            raise not_found(resource_id)
        if is_resource and int(found["live"]["N"]) > 0:
            write([deletion_row(caller, now, item, "REFUSED", {"reason": "RESOURCE_IN_USE"})])
            raise in_use()
        pause(attempt)
        attempt += 1
