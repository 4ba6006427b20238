"""DynamoDB as the tests have it: the table of `template.yaml`, its items, and a proxy that counts calls and can come between."""

import http.client
import json
import time
import urllib.parse

import boto3
from botocore.config import Config

from function import REGION, Answering, LoopbackServer

KEYS = ("pk", "sk", "listingPk", "listingSk", "duePk", "dueSk")


def schema(partition, sort):
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


def connect(endpoint):
    """A client of DynamoDB for the tests themselves."""
    return boto3.client(
        "dynamodb",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 3}),
    )


def key_of(item):
    return item["pk"]["S"], item["sk"]["S"]


class Table:
    """A table of a function's own."""

    def __init__(self, client, name):
        self.client, self.name = client, name
        client.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in KEYS],
            KeySchema=schema("pk", "sk"),
            GlobalSecondaryIndexes=[
                {"IndexName": "listing", "KeySchema": schema(*KEYS[2:4]), "Projection": {"ProjectionType": "ALL"}},
                {"IndexName": "due", "KeySchema": schema(*KEYS[4:]), "Projection": {"ProjectionType": "KEYS_ONLY"}},
            ],
        )
        while client.describe_table(TableName=name)["Table"]["TableStatus"] != "ACTIVE":
            time.sleep(0.05)

    def hold(self, items):
        """Has it hold these items and no other, which costs no more than what differs. They are its items then."""
        wanted, found = {key_of(item): item for item in items}, self.items()
        requests = [{"PutRequest": {"Item": item}} for key, item in wanted.items() if found.get(key) != item]
        for pk, sk in found.keys() - wanted.keys():
            requests.append({"DeleteRequest": {"Key": {"pk": {"S": pk}, "sk": {"S": sk}}}})
        for start in range(0, len(requests), 25):
            left = self.client.batch_write_item(RequestItems={self.name: requests[start : start + 25]})
            assert not left["UnprocessedItems"], left
        return wanted

    def change(self, edits):
        """Carries out edits: `{"key": [pk, sk], "set": {…}}`, and without `set` a removal."""
        for edit in edits:
            pk, sk = edit["key"]
            key = {"pk": {"S": pk}, "sk": {"S": sk}}
            if "set" not in edit:
                self.client.delete_item(TableName=self.name, Key=key)
                continue
            updates = {name: {"Value": value} for name, value in edit["set"].items()}
            self.client.update_item(TableName=self.name, Key=key, AttributeUpdates=updates)

    def items(self):
        """All items, by their keys."""
        pages = self.client.get_paginator("scan").paginate(TableName=self.name, ConsistentRead=True)
        items = [item for page in pages for item in page["Items"]]
        for item in items:
            for value in item.values():
                if "SS" in value:
                    value["SS"].sort()
        return {key_of(item): item for item in items}

CONFLICT = {
    "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
    "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons [TransactionConflict]",
    "CancellationReasons": [{"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}],
}
TROUBLE = {"__type": "com.amazonaws.dynamodb.v20120810#InternalServerError", "message": "trouble"}


class Between(Answering):
    """Passes a call on, after what the test wants to happen before it, or with the fault that it wants."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        call = self.headers["X-Amz-Target"].rpartition(".")[2]
        self.server.calls.append(call)
        before, fault = self.server.before, self.server.fault
        if fault == "trouble":
            return self.refuse(500, TROUBLE)
        if call == "TransactWriteItems":
            self.server.before = self.server.fault = None
            if before:
                before()
            if fault == "conflict":
                return self.refuse(400, CONFLICT)
        status, answer, headers = self.upstream(body)
        if call == "TransactWriteItems" and fault == "lost answer":
            return self.refuse(500, TROUBLE)
        self.answer(status, answer, headers)

    def upstream(self, body):
        connection = http.client.HTTPConnection(self.server.upstream, timeout=20)
        connection.request("POST", "/", body, dict(self.headers))
        response = connection.getresponse()
        kept = ("content-type", "x-amz-crc32", "x-amzn-requestid")
        headers = {name: value for name, value in response.getheaders() if name.lower() in kept}
        answer = response.read()
        connection.close()
        return response.status, answer, headers

    def refuse(self, status, error):
        self.answer(status, json.dumps(error).encode(), {"Content-Type": "application/x-amz-json-1.0"})


class Proxy:
    """Stands between a function and DynamoDB. `calls` says what came by."""

    def __init__(self, endpoint):
        self.server = LoopbackServer(Between)
        self.server.upstream = urllib.parse.urlsplit(endpoint).netloc
        self.begin(None)
        self.endpoint = f"http://{self.server.address}"

    def begin(self, before, fault=None):
        """Counts anew. `before` happens once, just before the next transaction reaches the table.

        A fault is `conflict`: the next transaction met another one; `lost answer`: it happened, and nobody is told; or
        `trouble`, at every call.
        """
        self.server.calls, self.server.before, self.server.fault = [], before, fault

    def calls(self):
        return list(self.server.calls)

    def close(self):
        self.server.close()
