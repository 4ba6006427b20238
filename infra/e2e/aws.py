"""The emulated AWS: what the stack has, the API's routes, and the security group."""

import json

import boto3
import yaml

STACK = "postern"
GROUP = "bastion"


class Template(yaml.SafeLoader):
    """Reads a template, but for what CloudFormation's short forms, such as !Ref, stand for."""


Template.add_multi_constructor("!", lambda _loader, _tag, _node: None)


def outputs(stack: str = STACK) -> dict[str, str]:
    stacks = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stacks[0]["Outputs"]}


def functions() -> dict[str, str]:
    """The functions' names by their logical ids."""
    pages = boto3.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
    resources = (resource for page in pages for resource in page["StackResourceSummaries"])
    kind = "AWS::Lambda::Function"
    return {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in resources if r["ResourceType"] == kind}


def keys(path: str | None, method: str = "") -> list[str]:
    """The keys that stand for a route of the template in the emulator, which takes any key. AWS takes none that ends in a slash. Of the
    emulator's own, a greedy variable matches one character at least; at AWS one was seen to match the path that ends before it
    (storacha/w3infra#166), for which a key with the slash stands here."""
    if path is None:
        return ["$default"]
    assert path == "/" or not path.endswith("/"), f"API Gateway has no route {method} {path}"
    before, _, last = path.rpartition("/")
    slash = [f"{method} {before}/"] if last.endswith("+}") else []
    return [*slash, f"{method} {path}"]


def precedence(key: str) -> tuple[bool, int]:
    """A route without a greedy variable is chosen first, then the longer one. The emulator knows the variable {proxy+} alone for a greedy
    one, and takes the first of two routes that are equal to it."""
    return key.endswith("+}"), -key.count("/")


def create_routes(root: str) -> None:
    """Makes the routes that the template's events say: the emulator passes over the body of an HTTP API."""
    with open(f"{root}/template.yaml", encoding="utf-8") as file:
        resources = yaml.load(file, Loader=Template)["Resources"]
    api, gateway, names = outputs()["ApiId"], boto3.client("apigatewayv2"), functions()
    client, targets = boto3.client("lambda"), {}
    for logical_id, name in names.items():
        events = resources[logical_id]["Properties"].get("Events", {}).values()
        routes = [event["Properties"] for event in events if event["Type"] == "HttpApi"]
        if not routes:
            continue
        arn = client.get_function_configuration(FunctionName=name)["FunctionArn"]
        integration = gateway.create_integration(
            ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion="2.0"
        )
        target = f"integrations/{integration['IntegrationId']}"
        for route in routes:
            targets |= dict.fromkeys(keys(route.get("Path"), route.get("Method", "")), target)
    for key in sorted(targets, key=precedence):
        gateway.create_route(ApiId=api, RouteKey=key, Target=targets[key])


def trust_sessions() -> None:
    """Has the target role trust the sessions of Postern's roles, because the emulator compares these: at AWS the key
    aws:PrincipalArn holds the role's own ARN."""
    iam, name = boto3.client("iam"), "postern-target"
    policy = json.dumps(iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"])
    there, here = "arn:aws:iam::000000000000:role/", "arn:aws:sts::000000000000:assumed-role/"
    assert there in policy, policy
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=policy.replace(there, here))


def group_id() -> str:
    found = boto3.client("ec2").describe_security_groups(Filters=[{"Name": "group-name", "Values": [GROUP]}])
    return found["SecurityGroups"][0]["GroupId"]


def ingress() -> list[str]:
    """The inbound rules of the group, such as `198.51.100.7/32 tcp 22-22`."""
    filters = [{"Name": "group-id", "Values": [group_id()]}]
    rules = boto3.client("ec2").describe_security_group_rules(Filters=filters)["SecurityGroupRules"]
    return sorted(
        f"{rule['CidrIpv4']} {rule['IpProtocol']} {rule['FromPort']}-{rule['ToPort']}"
        for rule in rules
        if not rule["IsEgress"]
    )


def log_lines() -> list[str]:
    """Everything that the functions and the gateway have logged."""
    logs, lines = boto3.client("logs"), []
    for group in logs.describe_log_groups()["logGroups"]:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
        lines += [event["message"] for page in pages for event in page["events"]]
    return lines


def failures() -> int:
    """Messages in the queue of what workers failed at."""
    url = outputs()["WorkerFailuresUrl"]
    name = "ApproximateNumberOfMessages"
    found = boto3.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=[name])
    return int(found["Attributes"][name])
