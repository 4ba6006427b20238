"""The table: reads, and transactions with their repetitions."""

import os
import random
import time
import uuid

import boto3
from boto3.dynamodb.types import TypeSerializer
from botocore.config import Config

from failure import busy

TABLE = os.environ["POSTERN_TABLE"]
client = boto3.client(
    "dynamodb", config=Config(connect_timeout=1, read_timeout=3, retries={"total_max_attempts": 5})
)
serialize = TypeSerializer().serialize

RETRIES = 12
FALSE = "ConditionalCheckFailed"
PASSING = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
KNOWN = {"None", FALSE} | PASSING


def pause(attempt):
    """Waits before another attempt: exponential with full jitter, as often as Postern does."""
    if attempt == RETRIES:
        raise busy()
    time.sleep(random.random() * min(0.02 * 2**attempt, 0.4))


def partition(pk):
    """Everything in a partition, as it is now, in DynamoDB's own types."""
    pages = client.get_paginator("query").paginate(
        TableName=TABLE,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": pk}},
        ConsistentRead=True,
    )
    items = [item for page in pages for item in page["Items"]]
    for item in items:
        if item["shape"]["N"] != "1":
            raise ValueError(f"{item['pk']} {item['sk']} has another shape")
    return items


def attempt_writes(writes):
    """Writes all or nothing. What was in the way: the writes whose condition was false, each with its reason."""
    # The same token in every attempt: a transaction whose answer was lost is not done twice.
    token = str(uuid.uuid4())
    attempt = 0
    while True:
        try:
            client.transact_write_items(TransactItems=[write for write, _ in writes], ClientRequestToken=token)
            return []
        except client.exceptions.TransactionCanceledException as cancelled:
            reasons = cancelled.response["CancellationReasons"]
            codes = {reason["Code"] for reason in reasons}
            failed = [pair for pair in zip(writes, reasons) if pair[1]["Code"] == FALSE]
            is_passing = bool(codes & PASSING)
            if not codes <= KNOWN or not (is_passing or failed):
                raise
            if not is_passing:
                return failed
        pause(attempt)
        attempt += 1


def write(writes):
    """Writes all or nothing, but for optional writes that have nothing left to do. The first other one in the way."""
    while failed := attempt_writes(writes):
        decisive = next((pair for pair in failed if not pair[0][1]), None)
        if decisive:
            return decisive
        needless = [id(entry) for entry, _ in failed]
        writes = [entry for entry in writes if id(entry) not in needless]
    return None


def key(pk, sk):
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def put(item):
    item = {name: serialize(value) for name, value in item.items()}
    return {"Put": {"TableName": TABLE, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}}, False


def remove(pk, sk, **condition):
    return {"Delete": {"TableName": TABLE, "Key": key(pk, sk), **condition}}, False


def update(pk, sk, expression, values, is_optional=False, **names):
    action = {
        "TableName": TABLE,
        "Key": key(pk, sk),
        "UpdateExpression": expression,
        "ConditionExpression": "attribute_exists(pk)",
        "ExpressionAttributeValues": values,
        **names,
    }
    return {"Update": action}, is_optional


def ordered_uuid(now):
    """A UUID of version 7: its order is that of creation."""
    number = now << 80 | random.SystemRandom().getrandbits(80)
    number = number & ~(0xF << 76) | 0x7 << 76
    return str(uuid.UUID(int=number & ~(0x3 << 62) | 0x2 << 62))
