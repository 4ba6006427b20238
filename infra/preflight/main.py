"""What `infra/preflight.sh` runs: main.py [--template FILE] STACK [PARAMETER=VALUE...]"""

import argparse
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from checks import Preflight
from template import ROOT, Template
from verdicts import NO, OK, UNKNOWN, exit_status

# What no question to AWS answers.
NOT_KNOWN = """Not looked at, because AWS does not tell it in advance: policies of the organization that have conditions, and of the
deploying session; hooks of CloudFormation; quotas of API Gateway, KMS and EventBridge; whether the issuer's keys can be had from AWS."""


def arguments():
    parser = argparse.ArgumentParser(prog="infra/preflight.sh", description="Whether a first deployment can succeed.")
    parser.add_argument("--template", default=f"{ROOT}/template.yaml", help="in place of the clone's")
    parser.add_argument("stack", help="the name of the stack")
    parser.add_argument("parameters", nargs="*", metavar="PARAMETER=VALUE", help="as for sam deploy --parameter-overrides")
    found = parser.parse_args()
    without = [text for text in found.parameters if "=" not in text]
    if without:
        parser.error(f"{without[0]!r} is no PARAMETER=VALUE")
    return found


def main() -> int:
    found = arguments()
    given = dict(text.split("=", 1) for text in found.parameters)
    try:
        session = boto3.Session()
        # A question is asked twice at most: a machine without a network is told within a minute.
        session._session.set_default_client_config(Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 2}))
    except BotoCoreError as error:
        print(f"{NO:<8} {'caller':<12} {error}")
        return 1
    verdicts = []
    for verdict in Preflight(session, found.stack, given, Template(found.template)).run():
        print(verdict, flush=True)
        verdicts.append(verdict)
    kinds = [verdict.kind for verdict in verdicts]
    print(f"\n{kinds.count(OK)} ok, {kinds.count(NO)} no, {kinds.count(UNKNOWN)} unknown. {NOT_KNOWN}")
    return exit_status(verdicts)


if __name__ == "__main__":
    sys.exit(main())
