"""Prints a template as CloudFormation sees it, after SAM's transform, as JSON:

    python expanded.py TEMPLATE REGION

cfn-lint holds its own rules against SAM's types as they stand in the file. The rules of this folder are about functions, roles and
stages, which are there only after the transform."""

import json
import os
import sys

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoManagedPolicies:
    """Policies are named by ARN here, or stand in the template: none has to be looked up at IAM."""

    def load(self):
        return {}


def expanded(path: str, region: str) -> dict:
    os.environ["AWS_DEFAULT_REGION"] = region
    with open(path, encoding="utf-8") as file:
        template = yaml_parse(file.read())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            # `sam deploy` puts the bucket here that it uploads to.
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    return transform(template, {}, NoManagedPolicies())


if __name__ == "__main__":
    print(json.dumps(expanded(*sys.argv[1:])))
