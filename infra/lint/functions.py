"""E9101, E9102: what every function must say itself, whatever AWS would take by default. E9109: what none may say."""

import json

from cfnlint.rules import CloudFormationLintRule, RuleMatch

KIND = "AWS::Lambda::Function"


class FunctionsHaveLimits(CloudFormationLintRule):
    """Memory and time are decisions, and their defaults (128 MB, 3 s) are nobody's."""

    id = "E9101"
    shortdesc = "A function has memory and a timeout"
    description = "Every function sets MemorySize and Timeout"
    source_url = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html"
    tags = ["postern"]

    def match(self, cfn):
        for name, function in cfn.get_resources(KIND).items():
            for member in ("MemorySize", "Timeout"):
                if member not in function.get("Properties", {}):
                    yield RuleMatch(["Resources", name], f"{name} has no {member}")


class FunctionsLogForATime(CloudFormationLintRule):
    """A function without a log group of the template's makes one itself, which is kept for ever."""

    id = "E9102"
    shortdesc = "A function logs to a group of the template that is kept for a time"
    description = "Every function's LoggingConfig names a log group of this template that has RetentionInDays"
    source_url = "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html"
    tags = ["postern"]

    def match(self, cfn):
        kept = {
            name
            for name, group in cfn.get_resources("AWS::Logs::LogGroup").items()
            if "RetentionInDays" in group.get("Properties", {})
        }
        for name, function in cfn.get_resources(KIND).items():
            group = function.get("Properties", {}).get("LoggingConfig", {}).get("LogGroup", {})
            if not isinstance(group, dict) or group.get("Ref") not in kept:
                yield RuleMatch(["Resources", name], f"{name} logs to no log group with RetentionInDays")


class EnvironmentsHoldNoSecrets(CloudFormationLintRule):
    """Everybody who may read a function's configuration can read what a dynamic reference put there, and its rotation is nobody's:
    CloudFormation looks a reference up again only when its text changes."""

    id = "E9109"
    shortdesc = "A function's environment holds no secret"
    description = "No variable of a function has a dynamic reference"
    source_url = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"
    tags = ["postern"]

    def match(self, cfn):
        for name, function in cfn.get_resources(KIND).items():
            variables = function.get("Properties", {}).get("Environment", {}).get("Variables", {})
            secrets = [variable for variable, value in variables.items() if "{{resolve:" in json.dumps(value)]
            if secrets:
                # The function's own place: a variable that SAM merged from `Globals` has none.
                yield RuleMatch(["Resources", name], f"{name} has secrets in its environment: {', '.join(secrets)}")
