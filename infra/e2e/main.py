"""What `infra/e2e.sh` does on the emulated AWS: main.py, one of its commands, and the root of the clone."""

import os
import sys

import boto3

import api
import aws
import journey
import restore


def prepare(_root: str) -> None:
    """The secret that signs tokens, and the security group of the target account."""
    boto3.client("secretsmanager").create_secret(
        Name="postern/jwt", SecretString=os.environ["POSTERN_E2E_SECRET"]
    )
    ec2 = boto3.client("ec2")
    ec2.create_security_group(GroupName=aws.GROUP, Description="A bastion")


def key_set(_root: str) -> None:
    """Prints the issuer's keys."""
    print(api.key_set())


def differences(root: str) -> None:
    """What the emulator does not do as AWS does."""
    aws.create_routes(root)
    aws.set_boundaries()
    aws.trust_sessions()


def main() -> None:
    command, root = sys.argv[1:]
    commands = [prepare, key_set, differences, journey.walk]
    commands += [restore.begin, restore.stopped, restore.copy, restore.stream_arn, restore.restored]
    {known.__name__: known for known in commands}[command](root)


if __name__ == "__main__":
    main()
