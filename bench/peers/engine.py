"""DynamoDB as the tests have it: the table of `template.yaml`, its items, and a proxy that counts calls and can come between."""

import http.client
import threading
import time
import urllib.parse
from http.server import ThreadingHTTPServer

import boto3
from botocore.config import Config

from function import REGION, Answering

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


class Table:
    """A table of a test's own."""

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

    def fill(self, items):
        for start in range(0, len(items), 25):
            puts = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
            self.client.batch_write_item(RequestItems={self.name: puts})

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
        return {(item["pk"]["S"], item["sk"]["S"]): item for item in items}

    def delete(self):
        self.client.delete_table(TableName=self.name)


class Between(Answering):
    """Passes a call on, after what the test wants to happen before it."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        call = self.headers["X-Amz-Target"].rpartition(".")[2]
        self.server.calls.append(call)
        if self.server.is_in_trouble:
            error = b'{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"trouble"}'
            return self.answer(500, error, {"Content-Type": "application/x-amz-json-1.0"})
        if call == "TransactWriteItems" and self.server.before:
            before, self.server.before = self.server.before, None
            before()
        upstream = http.client.HTTPConnection(self.server.upstream, timeout=20)
        upstream.request("POST", "/", body, dict(self.headers))
        response = upstream.getresponse()
        kept = ("content-type", "x-amz-crc32", "x-amzn-requestid")
        headers = {name: value for name, value in response.getheaders() if name.lower() in kept}
        self.answer(response.status, response.read(), headers)
        upstream.close()


class Proxy:
    """Stands between a function and DynamoDB. `server.calls` are the calls that came by."""

    def __init__(self, endpoint):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Between)
        self.server.daemon_threads = True
        self.server.upstream = urllib.parse.urlsplit(endpoint).netloc
        self.begin(None)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"

    def begin(self, before, is_in_trouble=False):
        """Counts anew. `before` happens once, just before the next transaction reaches the table."""
        self.server.calls, self.server.before, self.server.is_in_trouble = [], before, is_in_trouble

    def close(self):
        self.server.shutdown()
        self.server.server_close()
