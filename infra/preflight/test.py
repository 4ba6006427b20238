"""The preflight against recorded answers of AWS: what the emulator lacks, such as small limits, regions that nobody enabled and refusals."""

import sys
import types
import unittest

import boto3

import permissions
from checks import Preflight
from template import Template
from verdicts import NO, OK, UNKNOWN, exit_status

TEMPLATE = Template()
GIVEN = {"JwtIssuer": "https://idp.example.com", "TargetRoles": "arn:aws:iam::444455556666:role/postern-target"}


class Refused(str):
    """An error's code in place of an answer."""


def simulated(params):
    """Everything is allowed."""
    return {"EvaluationResults": [{"EvalActionName": name, "EvalDecision": "allowed"} for name in params["ActionNames"]]}


WELL = {
    "GetCallerIdentity": {"Account": "111122223333", "Arn": "arn:aws:sts::111122223333:assumed-role/Deployer/ada", "UserId": "x"},
    "DescribeRegions": {"Regions": [{"RegionName": "eu-central-1", "OptInStatus": "opt-in-not-required"}]},
    "GetAccountSettings": {"AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 1000}},
    "DescribeStacks": Refused("ValidationError"),
    "ListExports": {"Exports": [{"Name": "other-Table"}]},
    "GetSchedule": Refused("ResourceNotFoundException"),
    "DescribeLogGroups": {"logGroups": []},
    "ListTables": {"TableNames": ["postern-staging-Table-1"]},
    "GetAccountSummary": {"SummaryMap": {"Roles": 100, "RolesQuota": 1000}},
    "GetRole": {"Role": {"Arn": "arn:aws:iam::111122223333:role/people/Deployer"}},
    "SimulatePrincipalPolicy": simulated,
}


class Recorded:
    """A session whose calls get recorded answers, and go nowhere."""

    # Clients take long to make: all sessions share them, and the one in use answers.
    clients = {}
    current = None

    def __init__(self, answers, region):
        self.answers, self.asked, self.region_name = answers, [], region
        Recorded.current = self

    def client(self, service, region_name):
        key = (service, region_name)
        if key not in self.clients:
            client = boto3.client(service, region_name=region_name, aws_access_key_id="x", aws_secret_access_key="x")
            client.meta.events.register("before-parameter-build", lambda params, **_: setattr(Recorded.current, "params", dict(params)))
            client.meta.events.register("before-call", lambda model, **_: Recorded.current.answer(model.name, region_name))
            self.clients[key] = client
        return self.clients[key]

    def answer(self, operation, region):
        self.asked.append((operation, region))
        found = self.answers[operation]
        if callable(found):
            found = found({**self.params, "Region": region})
        if isinstance(found, Refused):
            body = {"Error": {"Code": found, "Message": "Stack postern does not exist"}}
            return types.SimpleNamespace(status_code=400), body
        return types.SimpleNamespace(status_code=200), dict(found)


def verdicts(stack="postern", given=None, region="eu-central-1", **answers):
    session = Recorded({**WELL, **answers}, region)
    found = list(Preflight(session, stack, GIVEN if given is None else given, Built()).run())
    return found, session


class Built(Template):
    def bootstraps(self):
        return [__file__]


class Verdicts(unittest.TestCase):
    def expect(self, kind, subject, found):
        about = [verdict for verdict in found[0] if verdict.subject == subject]
        self.assertEqual([verdict.kind for verdict in about], [kind], [str(verdict) for verdict in found[0]])
        return about[0].text

    def test_an_empty_account_is_fit(self):
        found = verdicts()
        self.assertEqual({verdict.kind for verdict in found[0]}, {OK}, [str(verdict) for verdict in found[0]])
        self.assertEqual(exit_status(found[0]), 0)

    def test_a_small_limit_allows_no_reservation(self):
        for limit in (10, 50, 100, 100 + TEMPLATE.reserved() - 1):
            small = {"AccountLimit": {"ConcurrentExecutions": limit, "UnreservedConcurrentExecutions": limit}}
            self.assertIn("leave ReserveConcurrency=false", self.expect(OK, "concurrency", verdicts(GetAccountSettings=small)))
            reserving = verdicts(given={**GIVEN, "ReserveConcurrency": "true"}, GetAccountSettings=small)
            self.expect(NO, "concurrency", reserving)
            self.assertEqual(exit_status(reserving[0]), 1)
        enough = {"AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 100 + TEMPLATE.reserved()}}
        self.assertIn("=true is possible", self.expect(OK, "concurrency", verdicts(GetAccountSettings=enough)))

    def test_a_region_that_nobody_enabled(self):
        def identity(params):
            return Refused("InvalidClientTokenId") if params["Region"] == "me-south-1" else WELL["GetCallerIdentity"]

        regions = {"Regions": [{"RegionName": "me-south-1", "OptInStatus": "not-opted-in"}]}
        found = verdicts(region="me-south-1", GetCallerIdentity=identity, DescribeRegions=regions)
        self.expect(NO, "region", found)
        self.assertNotIn(("GetAccountSettings", "me-south-1"), found[1].asked)

    def test_credentials_that_nobody_knows(self):
        found = verdicts(GetCallerIdentity=Refused("InvalidClientTokenId"))
        self.expect(UNKNOWN, "caller", found)
        self.assertEqual(exit_status(found[0]), 3)

    def test_other_partitions_are_not_passed(self):
        for arn, kinds in [("arn:aws-us-gov:iam::1:user/a", [UNKNOWN, OK]), ("arn:aws-iso:iam::1:user/a", [NO])]:
            found = verdicts(region="us-gov-west-1", GetCallerIdentity={"Account": "1", "Arn": arn})
            self.assertEqual([verdict.kind for verdict in found[0] if verdict.subject == "region"], kinds)

    def test_names(self):
        self.expect(OK, "name", verdicts(stack="a" * 48))
        for stack in ("a" * 49, "1a", "a_b", ""):
            self.expect(NO, "name", verdicts(stack=stack))

    def test_names_in_use(self):
        there = verdicts(DescribeStacks={"Stacks": [{"StackName": "postern", "StackStatus": "ROLLBACK_COMPLETE"}]})
        self.assertIn("rolled back", self.expect(NO, "stack", there))
        self.expect(NO, "exports", verdicts(ListExports={"Exports": [{"Name": "postern-Table"}]}))
        self.expect(NO, "schedules", verdicts(GetSchedule={"Name": "x"}))
        self.expect(NO, "leftovers", verdicts(ListTables={"TableNames": ["postern-Table-ABC"]}))
        self.expect(NO, "roles", verdicts(GetAccountSummary={"SummaryMap": {"Roles": 990, "RolesQuota": 1000}}))

    def test_a_question_without_an_answer_passes_nothing(self):
        for operation, subject in [
            ("DescribeRegions", "region"), ("GetAccountSettings", "concurrency"), ("DescribeStacks", "stack"), ("ListExports", "exports"),
            ("GetSchedule", "schedules"), ("DescribeLogGroups", "log groups"), ("ListTables", "leftovers"),
            ("GetAccountSummary", "roles"), ("GetRole", "permissions"), ("SimulatePrincipalPolicy", "permissions"),
        ]:
            found = verdicts(**{operation: Refused("AccessDenied")})
            self.assertIn("AccessDenied", self.expect(UNKNOWN, subject, found))
            self.assertEqual(exit_status(found[0]), 3)

    def test_permissions(self):
        def but_one(params):
            results = simulated(params)["EvaluationResults"]
            return {"EvaluationResults": [r for r in results if r["EvalActionName"] != "iam:PutRolePermissionsBoundary"]}

        text = self.expect(NO, "permissions", verdicts(SimulatePrincipalPolicy=but_one))
        self.assertTrue(text.endswith("refused to arn:aws:iam::111122223333:role/people/Deployer: iam:PutRolePermissionsBoundary"), text)
        for arn in ("arn:aws:iam::1:root", "arn:aws:sts::1:federated-user/a"):
            self.expect(UNKNOWN, "permissions", verdicts(GetCallerIdentity={"Account": "1", "Arn": arn}))

    def test_every_type_of_the_template_has_its_permissions(self):
        types = {resource["Type"] for resource in TEMPLATE.content["Resources"].values()}
        self.assertEqual(types - permissions.BY_TYPE.keys() - permissions.BY_PARAMETER.keys(), set())
        place = {"p": "aws", "r": "eu-central-1", "a": "1", "s": "postern"}
        few = permissions.needed(types, {}, **place)
        many = permissions.needed(types, {"MonthlyBudget": "50", "ReserveConcurrency": "true", "DomainName": "a.b"}, **place)
        self.assertNotIn("lambda:PutFunctionConcurrency", set().union(*few.values()))
        self.assertIn("lambda:PutFunctionConcurrency", set().union(*many.values()))
        self.assertIn("arn:aws:budgets::1:budget/x", many)

    def test_secrets_and_topics(self):
        given = {**GIVEN, "JwtSecretName": "postern/jwt", "AlarmTopicArn": "arn:aws:sns:eu-central-1:111122223333:alarms"}
        there = {"DescribeSecret": {"Name": "x"}, "GetTopicAttributes": {"Attributes": {}}}
        self.expect(OK, "secrets", verdicts(given=given, **there))
        self.expect(OK, "topic", verdicts(given=given, **there))
        gone = {"DescribeSecret": Refused("ResourceNotFoundException"), "GetTopicAttributes": Refused("NotFound")}
        self.expect(NO, "secrets", verdicts(given=given, **gone))
        self.expect(NO, "topic", verdicts(given=given, **gone))


class Parameters(unittest.TestCase):
    """What CloudFormation would refuse: the patterns are the template's."""

    def test_patterns(self):
        for name, good, bad in [
            ("JwtIssuer", ["https://a.example", "https://a.example/realms/x/"], ["", "http://a.example", "https://", "a.example", "https://a b"]),
            ("JwksUrl", ["", "https://a.example/keys?x=1"], ["http://a.example/keys", "keys"]),
            ("TargetRoles", [GIVEN["TargetRoles"], f"{GIVEN['TargetRoles']},{GIVEN['TargetRoles']}", "arn:aws-cn:iam::444455556666:role/a/b"],
             ["", "*", "arn:aws:iam::*:role/x", f"{GIVEN['TargetRoles']},"]),
            ("AlarmTopicArn", ["", "arn:aws-us-gov:sns:us-gov-west-1:111122223333:alarms"], ["alarms", "arn:aws:sqs:eu-central-1:111122223333:alarms"]),
            ("CorsOrigins", ["", "https://a.example,https://b.example:8443"], ["*", "https://a.example/path", "a.example"]),
            ("DomainCertificateArn", ["", "arn:aws:acm:eu-central-1:111122223333:certificate/0a1b-2c"], ["x", "arn:aws:iam::111122223333:server-certificate/x"]),
            ("MonthlyBudget", ["0", "50", "12.5"], ["-1", "much"]),
            ("BudgetEmail", ["", "ada@example.com"], ["ada", "a b@example.com"]),
            ("ReserveConcurrency", ["true", "false"], ["yes"]),
            ("JwtAudience", ["postern"], [""]),
            ("Nothing", [], ["x"]),
        ]:
            for value in good:
                self.assertIsNone(TEMPLATE.refusal(name, value), f"{name}={value}")
            for value in bad:
                self.assertIsNotNone(TEMPLATE.refusal(name, value), f"{name}={value}")

    def test_what_is_required(self):
        self.assertEqual(TEMPLATE.missing({}), ["JwtIssuer", "TargetRoles"])
        self.assertEqual(TEMPLATE.missing(GIVEN), [])


if __name__ == "__main__":
    sys.exit(unittest.main())
