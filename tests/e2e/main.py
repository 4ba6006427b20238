"""What `tests/e2e.sh` does on the emulated AWS: main.py, one of its commands, and the root of the clone."""

import os
import sys

import boto3

import aws
import emulated
import restore
import tokens
from journey import Journey


def prepare(_root: str) -> None:
    """The secret that signs tokens, and the security group of the target account."""
    boto3.client("secretsmanager").create_secret(
        Name="postern/jwt", SecretString=os.environ["POSTERN_E2E_SECRET"]
    )
    ec2 = boto3.client("ec2")
    ec2.create_security_group(GroupName=aws.GROUP, Description="A bastion")


def key_set(_root: str) -> None:
    """Prints the issuer's keys."""
    print(tokens.key_set())


def differences(root: str) -> None:
    """What the emulator does not do as AWS does."""
    aws.create_routes(root)
    aws.set_boundaries()
    aws.trust_sessions()


def walk(_root: str) -> None:
    """The journey, and what it observed: as it was written down, or to be written down."""
    journey = Journey(emulated.here())
    journey.walk()
    left = journey.clean(journey.place.named(""))
    assert not left, left
    if os.environ.get("POSTERN_RECORD") == "1":
        journey.observed.record()
        return
    lines = journey.observed.differences()
    assert not lines, "\n".join([*lines, "POSTERN_RECORD=1 tests/e2e.sh writes down what is observed now"])


def environment(_root: str) -> None:
    """Prints what `infra/real.sh` needs to know of this deployment, for a shell to read. The tokens stand in files of its folder."""
    place, folder = emulated.here(), os.environ["POSTERN_E2E_FOLDER"]
    for name, token in (("ADMIN", place.admin_token), ("PERSON", place.person_token)):
        path = os.path.join(folder, f"{name.lower()}.token")
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(token)
        print(f"export POSTERN_{name}_TOKEN_FILE={path}")
    print(f"export POSTERN_TARGET_ROLE={place.target_role} POSTERN_GROUP={place.group} POSTERN_GROUP_REGION={place.region}")
    print(f"url={emulated.url()}")


def main() -> None:
    command, root = sys.argv[1:]
    commands = [prepare, key_set, differences, walk, environment]
    commands += [restore.begin, restore.stopped, restore.copy, restore.stream_arn, restore.restored]
    {known.__name__: known for known in commands}[command](root)


if __name__ == "__main__":
    main()
