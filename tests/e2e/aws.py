"""The emulated AWS: what the stack has, the API's routes, and the security group."""

import json

import boto3
import yaml

from place import rules

STACK = "postern"
ACCOUNT = "000000000000"
GROUP = "bastion"


class Template(yaml.SafeLoader):
    """Reads a template, but for what CloudFormation's short forms, such as !Ref, stand for."""


Template.add_multi_constructor("!", lambda _loader, _tag, _node: None)


def outputs(stack: str = STACK) -> dict[str, str]:
    stacks = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stacks[0]["Outputs"]}


def physical(kind: str) -> dict[str, str]:
    """What the stack has of a type: the names by their logical ids."""
    pages = boto3.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
    resources = (resource for page in pages for resource in page["StackResourceSummaries"])
    return {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in resources if r["ResourceType"] == kind}


def functions() -> dict[str, str]:
    return physical("AWS::Lambda::Function")


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
    """Has the target role trust the sessions of the roles that it names by their path, because the emulator compares these: at AWS
    the key aws:PrincipalArn holds the role's own ARN."""
    iam, target = boto3.client("iam"), "postern-target"
    path = f"/postern/{STACK}/"
    policy = json.dumps(iam.get_role(RoleName=target)["Role"]["AssumeRolePolicyDocument"])
    there, here = f"arn:aws:iam::{ACCOUNT}:role{path}*", f"arn:aws:sts::{ACCOUNT}:assumed-role/"
    assert f'"{there}"' in policy, policy
    trusted = [role["RoleName"] for role in iam.list_roles(PathPrefix=path)["Roles"]]
    assert len(trusted) == 4, f"below {path} are {trusted}"
    sessions = json.dumps([f"{here}{name}/*" for name in trusted])
    iam.update_assume_role_policy(RoleName=target, PolicyDocument=policy.replace(f'"{there}"', sessions))


def set_boundaries() -> None:
    """Gives the functions' roles the boundary that the template says: the emulator passes over it."""
    iam = boto3.client("iam")
    boundary = physical("AWS::IAM::ManagedPolicy")["FunctionBoundary"]
    roles = physical("AWS::IAM::Role")
    for logical_id in functions():
        iam.put_role_permissions_boundary(RoleName=roles[f"{logical_id}Role"], PermissionsBoundary=boundary)


def group_id() -> str:
    found = boto3.client("ec2").describe_security_groups(Filters=[{"Name": "group-name", "Values": [GROUP]}])
    return found["SecurityGroups"][0]["GroupId"]


def ingress() -> list[str]:
    """The inbound rules of the group, such as `198.51.100.7/32 tcp 22-22`."""
    filters = [{"Name": "group-id", "Values": [group_id()]}]
    return rules(boto3.client("ec2").describe_security_group_rules(Filters=filters)["SecurityGroupRules"])


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
