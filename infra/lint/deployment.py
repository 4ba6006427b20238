"""E9106, E9107, E9110: a template that can be deployed again, in any partition, and not be flooded."""

import json

from cfnlint.rules import CloudFormationLintRule, RuleMatch

# What SAM's transform itself attaches to roles, with the partition in which it runs.
OF_SAM = "arn:aws:iam::aws:policy/"


class LogGroupsHaveNamesOfTheirStack(CloudFormationLintRule):
    """A group with a fixed name that outlives its stack, or is made anew by a late invocation, blocks the next deployment."""

    id = "E9106"
    shortdesc = "A log group has a generated name"
    description = "A log group has no LogGroupName, or one that contains the id of its stack"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html"
    tags = ["postern"]

    def match(self, cfn):
        for name, group in cfn.get_resources("AWS::Logs::LogGroup").items():
            given = group.get("Properties", {}).get("LogGroupName")
            if given is not None and "AWS::StackId" not in json.dumps(given):
                yield RuleMatch(["Resources", name, "Properties", "LogGroupName"], f"{name} has the same name in every deployment")


class PartitionsComeFromTheDeployment(CloudFormationLintRule):
    """An ARN that begins with `arn:aws:` names nothing in China and GovCloud."""

    id = "E9107"
    shortdesc = "An ARN has the partition of the deployment"
    description = "No text of a resource, an output, or a parameter's default begins an ARN with a literal partition"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html"
    tags = ["postern"]

    def match(self, cfn):
        for section in ("Resources", "Outputs", "Conditions"):
            for path, text in texts(cfn.template.get(section, {}), [section]):
                if "arn:aws" in text and not ("ManagedPolicyArns" in path and text.startswith(OF_SAM)):
                    yield RuleMatch(path, "An ARN must begin with arn:${AWS::Partition}:")
        for name, parameter in cfn.template.get("Parameters", {}).items():
            if "arn:aws" in str(parameter.get("Default", "")):
                yield RuleMatch(["Parameters", name, "Default"], "No default fits every partition")


class StagesHaveAThrottle(CloudFormationLintRule):
    """Without one a flood may use up what the account has for all its APIs."""

    id = "E9110"
    shortdesc = "A stage of an HTTP API has a throttle"
    description = "DefaultRouteSettings of every stage has ThrottlingRateLimit and ThrottlingBurstLimit"
    source_url = "https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html"
    tags = ["postern"]

    def match(self, cfn):
        for name, stage in cfn.get_resources("AWS::ApiGatewayV2::Stage").items():
            settings = stage.get("Properties", {}).get("DefaultRouteSettings", {})
            for limit in ("ThrottlingRateLimit", "ThrottlingBurstLimit"):
                if limit not in settings:
                    yield RuleMatch(["Resources", name], f"{name} has no {limit}")


def texts(value, path):
    """Every text below a value, keys excluded, with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from texts(inner, [*path, key])
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from texts(inner, [*path, number])
