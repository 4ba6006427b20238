"""The restore of docs/operations.md on the emulated AWS: what `tests/e2e.sh restore` does between its deployments."""

import boto3

import aws
import emulated
from journey import RULE, Journey, wait_for

COPY = "postern-restored"


def mappings() -> dict[str, dict]:
    """The mappings of the stack's functions, by the name of their source's service."""
    client, names = boto3.client("lambda"), set(aws.functions().values())
    found = client.list_event_source_mappings()["EventSourceMappings"]
    own = [mapping for mapping in found if mapping["FunctionArn"].split(":")[6] in names]
    return {mapping["EventSourceArn"].split(":")[2]: mapping for mapping in own}


def states() -> list[str]:
    """Whether what starts the workers does so."""
    scheduler = boto3.client("scheduler")
    schedules = [f"{aws.STACK}-session-sweeper", f"{aws.STACK}-rule-reconciler"]
    found = ["Disabled" if scheduler.get_schedule(Name=name)["State"] == "DISABLED" else "Enabled" for name in schedules]
    return found + [mapping["State"] for mapping in mappings().values()]


def begin(_root: str) -> None:
    """Somebody's session, which lasts."""
    journey = Journey(emulated.here())
    journey.meet()
    journey.set_up()
    journey.start(60)
    assert set(states()) == {"Enabled"}, states()


def stopped(_root: str) -> None:
    """Nothing runs by itself, and what was open stays open."""
    assert set(states()) == {"Disabled"}, states()
    assert aws.ingress() == [RULE], aws.ingress()
    stage = boto3.client("apigatewayv2").get_stages(ApiId=aws.outputs()["ApiId"])["Items"][0]
    print(f"  the stage: {stage.get('DefaultRouteSettings')}")


def copy(_root: str) -> None:
    """A table as point-in-time recovery makes one: without stream and time to live. Then what the page has one do to it."""
    client, source = boto3.client("dynamodb"), aws.outputs()["TableName"]
    table = client.describe_table(TableName=source)["Table"]
    indexes = [
        {name: index[name] for name in ("IndexName", "KeySchema", "Projection")} for index in table["GlobalSecondaryIndexes"]
    ]
    client.create_table(
        TableName=COPY, BillingMode="PAY_PER_REQUEST", KeySchema=table["KeySchema"],
        AttributeDefinitions=table["AttributeDefinitions"], GlobalSecondaryIndexes=indexes,
    )
    for page in client.get_paginator("scan").paginate(TableName=source):
        for item in page["Items"]:
            client.put_item(TableName=COPY, Item=item)
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    client.update_table(TableName=COPY, StreamSpecification=stream)
    live = {"Enabled": True, "AttributeName": "expiresAt"}
    client.update_time_to_live(TableName=COPY, TimeToLiveSpecification=live)


def stream_arn(_root: str) -> None:
    print(boto3.client("dynamodb").describe_table(TableName=COPY)["Table"]["LatestStreamArn"])


def restored(_root: str) -> None:
    """Everything works on the copy, and nothing on the other table."""
    client, names = boto3.client("lambda"), aws.functions().values()
    tables = {client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]["POSTERN_TABLE"] for name in names}
    assert tables == {COPY}, tables
    assert aws.outputs()["TableName"] == COPY
    assert f":table/{COPY}/stream/" in mappings()["dynamodb"]["EventSourceArn"]
    assert set(states()) == {"Enabled"}, states()
    first = boto3.resource("dynamodb").Table(aws.outputs()["FirstTableName"])
    before = first.scan()["Items"]
    journey = Journey(emulated.here())
    session = journey.person.call("GET", "/sessions", 200)[0]
    assert session["status"] == "ACTIVE", session
    journey.steps.done("the session of before is there")
    journey.person.call("POST", f"/sessions/{session['id']}/stop", 200)
    wait_for("the rule is gone", 120, lambda: aws.ingress() == [])
    journey.steps.done("stopped: the rule is gone")
    journey.resource = session["resourceIps"][0]["resourceId"]
    another = journey.start(60)
    journey.person.call("POST", f"/sessions/{another}/stop", 200)
    wait_for("the rule is gone", 120, lambda: aws.ingress() == [])
    wait_for("the session has ended", 60, lambda: journey.status(another) == "CANCELLED")
    journey.steps.done("another session from start to end, by the stream of the copy")
    assert first.scan()["Items"] == before, "somebody wrote to the other table"
    assert aws.failures() == 0, "a worker has failed at something"
