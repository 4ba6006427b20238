"""The questions. Each answers with verdicts; what AWS refuses to tell is unknown, and never ok."""

import os
import re

from botocore.exceptions import ClientError

import permissions
from template import Template
from verdicts import NO, OK, asked, code, no, ok, reason, unknown

# A schedule's name has 64 characters at most, and the longest suffix takes 16: "-session-sweeper", "-rule-reconciler".
NAME_MAX = 48
# What Lambda leaves unreserved in an account, whatever its limit.
UNRESERVED_MIN = 100
PARTITIONS = ("aws", "aws-cn", "aws-us-gov")
NOT_ENABLED = ("AuthFailure", "InvalidClientTokenId", "OptInRequired", "UnrecognizedClientException")


def home(region: str) -> str:
    """A region of the same partition that no account has to enable."""
    return {"cn": "cn-north-1", "us-gov": "us-gov-west-1"}.get(region.rsplit("-", 2)[0], "us-east-1")


class Preflight:
    def __init__(self, session, stack: str, given: dict[str, str], template: Template):
        self.session, self.stack, self.given, self.template = session, stack, given, template
        self.region = session.region_name or ""
        self.clients = {}

    def client(self, service: str, region: str | None = None):
        key = (service, region or self.region)
        if key not in self.clients:
            self.clients[key] = self.session.client(service, region_name=key[1])
        return self.clients[key]

    def run(self):
        yield from self.name()
        yield from self.parameters()
        yield from self.built()
        if not self.region:
            yield no("region", "none is set: AWS_REGION, or a profile with a region")
            return
        found = asked("caller", self.caller)
        yield from found
        if found[0].kind != OK:
            yield unknown("account", "AWS does not know the credentials, so that the other questions were left out")
            return
        region = asked("region", self.enabled)
        yield from region
        if region[-1].kind == NO:
            return
        for subject, check in [
            ("concurrency", self.concurrency), ("stack", self.stack_name), ("exports", self.exports),
            ("schedules", self.schedules), ("log groups", self.log_groups), ("leftovers", self.leftovers),
            ("roles", self.roles), ("secrets", self.secrets), ("topic", self.topic), ("permissions", self.permissions),
        ]:
            yield from asked(subject, check)

    def name(self):
        if not re.fullmatch("[A-Za-z][A-Za-z0-9-]*", self.stack):
            yield no("name", f"{self.stack!r} must begin with a letter and have letters, digits and hyphens only")
        elif len(self.stack) > NAME_MAX:
            yield no("name", f"{len(self.stack)} characters: at most {NAME_MAX}, because the names of schedules are made of it")
        else:
            yield ok("name", f"{self.stack}: {len(self.stack)} of {NAME_MAX} characters")

    def parameters(self):
        wrong = [f"{name}: {why}" for name, value in self.given.items() if (why := self.template.refusal(name, value))]
        wrong += [f"{name} is required" for name in self.template.missing(self.given)]
        if self.given.get("MonthlyBudget", "0") not in permissions.OFF and not self.given.get("BudgetEmail"):
            wrong.append("a MonthlyBudget needs a BudgetEmail")
        for text in wrong:
            yield no("parameters", text)
        if not wrong:
            yield ok("parameters", f"{len(self.given)} given, as the template wants them")

    def built(self):
        missing = [path for path in self.template.bootstraps() if not os.path.exists(path)]
        if missing:
            yield no("functions", f"{len(missing)} are not built: tools/run.sh cargo lambda build --profile ship -p functions")
        else:
            yield ok("functions", "all are built")

    def caller(self):
        try:
            identity = self.client("sts").get_caller_identity()
        except ClientError as error:
            if code(error) not in NOT_ENABLED:
                raise
            # A region that is not enabled knows no credentials.
            identity = self.client("sts", home(self.region)).get_caller_identity()
        self.arn, self.account = identity["Arn"], identity["Account"]
        self.partition = self.arn.split(":")[1]
        yield ok("caller", self.arn)

    def enabled(self):
        if self.partition not in PARTITIONS:
            yield no("region", f"the partition {self.partition} has other endpoints than Postern knows")
            return
        if self.partition != "aws":
            yield unknown("region", f"Postern has never been tried in the partition {self.partition}")
        found = self.client("ec2", home(self.region)).describe_regions(RegionNames=[self.region], AllRegions=True)["Regions"]
        status = found[0]["OptInStatus"] if found else "unknown to AWS"
        if status in ("opt-in-not-required", "opted-in"):
            yield ok("region", f"{self.region}: {status}")
        else:
            yield no("region", f"{self.region} is {status}: enable it in the account first")

    def concurrency(self):
        limit = self.client("lambda").get_account_settings()["AccountLimit"]
        total, free = limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"]
        reserved = self.template.reserved()
        wanted = self.given.get("ReserveConcurrency", "false") == "true"
        sums = f"{free} of {total} are unreserved, {UNRESERVED_MIN} must stay, the workers take {reserved}"
        if free >= UNRESERVED_MIN + reserved:
            yield ok("concurrency", f"{sums}: ReserveConcurrency=true is possible")
        elif wanted:
            yield no("concurrency", f"{sums}: leave ReserveConcurrency=false, or have the limit raised")
        else:
            yield ok("concurrency", f"{sums}: leave ReserveConcurrency=false until the limit is raised")

    def stack_name(self):
        try:
            status = self.client("cloudformation").describe_stacks(StackName=self.stack)["Stacks"][0]["StackStatus"]
        except ClientError as error:
            if code(error) != "ValidationError" or "does not exist" not in str(error):
                raise
            yield ok("stack", "there is none of this name")
            return
        if status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED"):
            yield no("stack", f"a first deployment was rolled back ({status}): delete it, docs/operations.md#remove-postern")
        else:
            yield no("stack", f"there is one ({status}): this would be no first deployment")

    def exports(self):
        names = {name.replace("${AWS::StackName}", self.stack) for name in self.template.exports()}
        pages = self.client("cloudformation").get_paginator("list_exports").paginate()
        used = sorted(names & {export["Name"] for page in pages for export in page["Exports"]})
        yield no("exports", f"another stack exports {', '.join(used)}") if used else ok("exports", f"{len(names)} names are free")

    def schedules(self):
        names = [name.replace("${AWS::StackName}", self.stack) for name in self.template.schedules()]
        used = [name for name in names if self.has_schedule(name)]
        yield no("schedules", f"there are {', '.join(used)}") if used else ok("schedules", f"{len(names)} names are free")

    def has_schedule(self, name: str) -> bool:
        try:
            self.client("scheduler").get_schedule(Name=name)
        except ClientError as error:
            if code(error) != "ResourceNotFoundException":
                raise
            return False
        return True

    def log_groups(self):
        prefix = f"/aws/vendedlogs/postern/{self.stack}/"
        found = self.client("logs").describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]
        left = f"{len(found)} of an earlier stack are left" if found else "none is left of an earlier stack"
        yield ok("log groups", f"{left}; names hold the stack's id, and are free")

    def leftovers(self):
        pages = self.client("dynamodb").get_paginator("list_tables").paginate()
        tables = [name for page in pages for name in page["TableNames"] if name.startswith(f"{self.stack}-Table-")]
        if tables:
            yield no("leftovers", f"{', '.join(tables)}: an earlier stack's. A new one begins empty: docs/operations.md#remove-postern")
        else:
            yield ok("leftovers", "no table of an earlier stack; a key without one is not looked for")

    def roles(self):
        summary = self.client("iam").get_account_summary()["SummaryMap"]
        # One for each function, and one for each schedule.
        wanted = len(self.template.of_type("AWS::Serverless::Function")) + len(self.template.schedules())
        free = summary["RolesQuota"] - summary["Roles"]
        text = f"{wanted} are made, {free} more are allowed"
        yield ok("roles", text) if free >= wanted else no("roles", f"{text}: have the quota raised")

    def secrets(self):
        for parameter in ("JwtSecretName", "EdgeSecretName"):
            if name := self.given.get(parameter):
                yield self.secret(parameter, name)

    def secret(self, parameter: str, name: str):
        try:
            self.client("secretsmanager").describe_secret(SecretId=name)
        except ClientError as error:
            if code(error) != "ResourceNotFoundException":
                return unknown("secrets", f"{parameter}: {reason(error)}")
            return no("secrets", f"{parameter}: there is no secret {name}")
        return ok("secrets", f"{parameter}: {name} is there")

    def topic(self):
        if arn := self.given.get("AlarmTopicArn"):
            try:
                self.client("sns").get_topic_attributes(TopicArn=arn)
            except ClientError as error:
                if code(error) not in ("NotFound", "NotFoundException"):
                    raise
                yield no("topic", f"there is no {arn}")
                return
            yield ok("topic", "it is there; whether somebody reads it is not looked at")

    def permissions(self):
        who, resource = self.arn, self.arn.split(":", 5)[5]
        if resource == "root":
            yield unknown("permissions", "IAM simulates nothing for the account's root; a policy of the organization may still refuse")
            return
        if resource.startswith("assumed-role/"):
            # The ARN of the session has no path; that of the role has.
            who = self.client("iam").get_role(RoleName=resource.split("/")[1])["Role"]["Arn"]
        elif not resource.startswith("user/"):
            yield unknown("permissions", f"IAM simulates nothing for {self.arn}")
            return
        types = {resource["Type"] for resource in self.template.content["Resources"].values()}
        place = {"p": self.partition, "r": self.region, "a": self.account, "s": self.stack}
        refused = set()
        for arn, actions in permissions.needed(types, self.given, **place).items():
            refused |= self.refused(who, arn, sorted(actions))
        if refused:
            yield no("permissions", f"refused to {who}: {', '.join(sorted(refused))}")
        else:
            yield ok("permissions", f"{who} may make everything, as IAM simulates it")

    def refused(self, who: str, arn: str, actions: list[str]) -> set[str]:
        pages = self.client("iam").get_paginator("simulate_principal_policy").paginate(
            PolicySourceArn=who, ActionNames=actions, ResourceArns=[arn]
        )
        results = [result for page in pages for result in page["EvaluationResults"]]
        allowed = {result["EvalActionName"] for result in results if result["EvalDecision"] == "allowed"}
        # An action without a result counts as refused.
        return set(actions) - allowed
