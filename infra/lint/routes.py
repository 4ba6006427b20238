"""E9105: routes that an HTTP API takes."""

from cfnlint.rules import CloudFormationLintRule, RuleMatch


def routes(cfn):
    """The path of each route, with where it stands: in a function's event, in the body of an HTTP API, or on its own."""
    for name, function in cfn.get_resources("AWS::Serverless::Function").items():
        for event, source in function.get("Properties", {}).get("Events", {}).items():
            path = source.get("Properties", {}).get("Path") if source.get("Type") == "HttpApi" else None
            if isinstance(path, str):
                yield ["Resources", name, "Properties", "Events", event, "Properties", "Path"], path
    for name, api in cfn.get_resources("AWS::ApiGatewayV2::Api").items():
        body = api.get("Properties", {}).get("Body", {})
        paths = body.get("paths", {}) if isinstance(body, dict) else {}
        for path in paths:
            yield ["Resources", name, "Properties", "Body", "paths", path], path
    for name, route in cfn.get_resources("AWS::ApiGatewayV2::Route").items():
        key = route.get("Properties", {}).get("RouteKey")
        if isinstance(key, str):
            yield ["Resources", name, "Properties", "RouteKey"], key.split(" ")[-1]


class RoutesEndInNoSlash(CloudFormationLintRule):
    """API Gateway drops such a route from an imported API without an error, unless it is asked to fail on warnings."""

    id = "E9105"
    shortdesc = "No path of a route ends in a slash"
    description = "No path of an HttpApi event, and no route key, ends in /: a greedy variable stands for the slash"
    source_url = "https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html"
    tags = ["postern"]

    def match(self, cfn):
        for place, path in routes(cfn):
            if path.endswith("/") and path != "/":
                yield RuleMatch(place, f"{path} ends in a slash, and an HTTP API has no such route")
