"""E9103, E9104: policies name what they allow."""

from cfnlint.rules import CloudFormationLintRule, RuleMatch


def listed(value):
    return value if isinstance(value, list) else [value]


def policies(resource):
    """The policy documents of a role or a policy, with where they stand. A key's policy is none of them: the resource "*" in it
    is the key itself."""
    properties = resource.get("Properties", {})
    kind = resource.get("Type")
    if kind == "AWS::IAM::Role":
        for number, policy in enumerate(properties.get("Policies", [])):
            yield ["Policies", number, "PolicyDocument"], policy.get("PolicyDocument", {})
    elif kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"):
        yield ["PolicyDocument"], properties.get("PolicyDocument", {})


def outcomes(statement):
    """A statement, or those that a condition of the stack chooses between, with where they stand."""
    if "Fn::If" not in statement:
        yield [], statement
        return
    for number, outcome in enumerate(statement["Fn::If"][1:], 1):
        for path, chosen in outcomes(outcome):
            yield ["Fn::If", number, *path], chosen


def statements(cfn):
    """Each statement that allows something, with its path and its resource."""
    for name, resource in cfn.get_resources().items():
        for path, document in policies(resource):
            for number, entry in enumerate(listed(document.get("Statement", []))):
                for inside, statement in outcomes(entry):
                    if statement.get("Effect") == "Allow":
                        yield ["Resources", name, "Properties", *path, "Statement", number, *inside], statement, resource


class ActionsAreNamed(CloudFormationLintRule):
    """An action with a wildcard allows what AWS adds tomorrow."""

    id = "E9103"
    shortdesc = "A policy names its actions"
    description = "No statement that allows something has NotAction, or an action with a wildcard"
    source_url = "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege"
    tags = ["postern"]

    def match(self, cfn):
        for path, statement, _ in statements(cfn):
            actions = listed(statement.get("Action", []))
            if "NotAction" in statement or any("*" in str(action) for action in actions):
                yield RuleMatch(path, f"A policy of {path[1]} must name its actions, without a wildcard")


class ResourcesAreNamed(CloudFormationLintRule):
    """A resource that cannot be narrower has its reason in the metadata `AnyResource` of whatever holds the policy."""

    id = "E9104"
    shortdesc = "A policy names its resources"
    description = 'No statement that allows something has NotResource or the resource "*"'
    source_url = "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege"
    tags = ["postern"]

    def match(self, cfn):
        for path, statement, resource in statements(cfn):
            is_any = "NotResource" in statement or "*" in listed(statement.get("Resource", []))
            if is_any and not resource.get("Metadata", {}).get("AnyResource"):
                yield RuleMatch(path, f"A policy of {path[1]} must name its resources")
