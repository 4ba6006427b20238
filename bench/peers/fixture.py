"""Makes fixture.json anew: the items that Postern's own functions leave in the table, and the ids and tags that they answer with.

    tools/moto.sh tools/engine.sh dynamodb-local bench/peers/python/venv/bin/python bench/peers/fixture.py target/lambda

`target/lambda` is where `cargo lambda build --release -p functions` puts the functions. KMS and EC2 are moto's. Two organizations:
acme, of whose resources the bastion has links, the database is in a session, and the archive has neither; globex with a vault.
"""

import base64
import json
import os
import sys
import uuid
from pathlib import Path

import boto3

from engine import Table, connect
from function import REGION, Function
from settings import ACME, GLOBEX, JWT, event_of, token

LAMBDA = Path(sys.argv[1]).resolve()
MOTO = os.environ["POSTERN_MOTO"]
DYNAMODB = os.environ["POSTERN_TEST_DYNAMODB"]
CREDENTIAL = {
    "name": "Production AWS account",
    "credential_type": "ACCESS_KEY",
    "value": {"accessKeyId": "AKIAIOSFODNN7EXAMPLE", "secretAccessKey": "PLANTED"},
}
# Characters that JSON's writers treat differently: a tag is a digest of JSON.
NAMES = {"archive": 'Archiv „Süd“ \\ "alt" / \u2028'}


def cloud(service):
    return boto3.client(
        service, endpoint_url=MOTO, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test"
    )


class Postern:
    """Its functions, each in a process of its own."""

    def __init__(self):
        self.functions = {}
        key = cloud("kms").create_key()["KeyMetadata"]["KeyId"]
        self.settings = JWT | {
            "POSTERN_TABLE": "postern",
            "POSTERN_KMS_KEY_ID": key,
            "POSTERN_RATE_PER_MINUTE": "0",
            "AWS_ENDPOINT_URL": MOTO,
            "AWS_ENDPOINT_URL_DYNAMODB": DYNAMODB,
        }

    def ask(self, function, claims, body=None, **path):
        """The answer of a function: its body, and its headers."""
        if function not in self.functions:
            self.functions[function] = Function(LAMBDA / function / "bootstrap", self.settings)
        event = event_of(function, {"token": token(claims), **path})
        if body is not None:
            event["body"] = json.dumps(body)
        for name, value in path.items():
            event["pathParameters"][name] = value
        answer = self.functions[function].invoke(event)
        assert answer["statusCode"] < 300, (function, answer)
        return json.loads(answer.get("body") or "null"), answer["headers"]

    def make(self, function, claims, **body):
        return self.ask(function, claims, body)[0]["id"]

    def resource(self, claims, name, credential):
        group = cloud("ec2").create_security_group(GroupName=str(uuid.uuid4()), Description="of a test")["GroupId"]
        config = {"protocol": "tcp", "ports": [22, 443], "zähler": "é \" \\ / \u0001 </script>", "2": 1.0, "1": None}
        return self.make(
            "resource-create",
            claims,
            name=name,
            credentialId=credential,
            provider="AWS",
            resourceType="SECURITY_GROUP",
            resourceIdentifier=group,
            region=REGION,
            config=config,
        )

    def close(self):
        for function in self.functions.values():
            function.close()


def fill(postern):
    """The ids by their names."""
    ids = {}
    credential = postern.make("credential-create", ACME, **CREDENTIAL)
    for name in ("bastion", "database", "archive"):
        ids[name] = postern.resource(ACME, NAMES.get(name, name), credential)
    for name in ("onCall", "auditors"):
        ids[name] = postern.make("role-create", ACME, name=name)
    for name in ("grace", "linus"):
        ids[name] = postern.make("user-create", ACME, email=f"{name}@acme.example", name=name.title())
    for role, resource in (("onCall", "bastion"), ("auditors", "bastion"), ("onCall", "database")):
        postern.ask("role-resource-assign", ACME, id=ids[role], resourceId=ids[resource])
    for user, resource in (("grace", "bastion"), ("grace", "database"), ("linus", "bastion")):
        postern.ask("user-resource-assign", ACME, id=ids[user], resourceId=ids[resource])
    postern.ask("role-user-assign", ACME, id=ids["onCall"], userId=ids["grace"])
    postern.ask("resource-verify", ACME, id=ids["database"])
    postern.ask("session-start", ACME | {"sub": ids["grace"], "roles": []}, {"resourceIds": [ids["database"]]})
    foreign = postern.make("credential-create", GLOBEX, **CREDENTIAL)
    ids["vault"] = postern.resource(GLOBEX, "vault", foreign)
    role = postern.make("role-create", GLOBEX, name="onCall")
    postern.ask("role-resource-assign", GLOBEX, id=role, resourceId=ids["vault"])
    ids["credential"] = postern.ask("resource-get", ACME, id=ids["archive"])[0]["credentialId"]
    return ids


def readable(value):
    """Binary in Base64, for JSON."""
    return {"base64": base64.b64encode(value).decode()}


def main():
    postern, table = Postern(), Table(connect(DYNAMODB), "postern")
    try:
        ids = fill(postern)
        names = ("bastion", "database", "archive")
        tags = {name: postern.ask("resource-get", ACME, id=ids[name])[1]["etag"].strip('"') for name in names}
    finally:
        postern.close()
    ids["archiveName"] = NAMES["archive"]
    known = [f'"{name}": {json.dumps(value, indent=1)}' for name, value in (("ids", ids), ("tags", tags))]
    items = [json.dumps(item, sort_keys=True, ensure_ascii=False, default=readable) for _, item in sorted(table.items().items())]
    text = "{\n" + ",\n".join([*known, '"items": [\n' + ",\n".join(items) + "\n]"]) + "\n}\n"
    (Path(__file__).parent / "fixture.json").write_text(text)


if __name__ == "__main__":
    main()
