"""What template.yaml asks of an account."""

import os
import re

from samtranslator.yaml_helper import yaml_parse

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
RESERVED = "ReservedConcurrentExecutions"


class Template:
    def __init__(self, path: str = f"{ROOT}/template.yaml"):
        self.folder = os.path.dirname(path)
        with open(path, encoding="utf-8") as file:
            self.content = yaml_parse(file.read())
        self.parameters = self.content["Parameters"]

    def of_type(self, kind: str) -> dict[str, dict]:
        resources = self.content["Resources"].items()
        return {name: resource.get("Properties", {}) for name, resource in resources if resource["Type"] == kind}

    def reserved(self) -> int:
        """Concurrency that the stack reserves when it is told to."""
        functions = self.of_type("AWS::Serverless::Function").values()
        return sum(function[RESERVED]["Fn::If"][1] for function in functions if RESERVED in function)

    def schedules(self) -> list[str]:
        """The names of schedules, as `${AWS::StackName}-…`."""
        functions = self.of_type("AWS::Serverless::Function").values()
        events = (event for function in functions for event in function.get("Events", {}).values())
        return [event["Properties"]["Name"]["Fn::Sub"] for event in events if event["Type"] == "ScheduleV2"]

    def exports(self) -> list[str]:
        """The names of exports, as `${AWS::StackName}-…`."""
        outputs = self.content["Outputs"].values()
        return [output["Export"]["Name"]["Fn::Sub"] for output in outputs if "Export" in output]

    def bootstraps(self) -> list[str]:
        functions = self.of_type("AWS::Serverless::Function").values()
        return [os.path.join(self.folder, function["CodeUri"], "bootstrap") for function in functions]

    def refusal(self, name: str, value: str) -> str | None:
        """Why CloudFormation would refuse a value of a parameter."""
        parameter = self.parameters.get(name)
        if parameter is None:
            return "the template has no such parameter"
        texts = [text.strip() for text in value.split(",")] if parameter["Type"] == "CommaDelimitedList" else [value]
        for text in texts:
            if "AllowedPattern" in parameter and not re.fullmatch(parameter["AllowedPattern"], text):
                return parameter.get("ConstraintDescription", f"must match {parameter['AllowedPattern']}")
            if len(text) < parameter.get("MinLength", 0) or len(text) > parameter.get("MaxLength", 4096):
                return "has too few or too many characters"
            if "AllowedValues" in parameter and text not in [str(allowed) for allowed in parameter["AllowedValues"]]:
                return f"must be one of {', '.join(str(allowed) for allowed in parameter['AllowedValues'])}"
            if parameter["Type"] == "Number" and not in_range(parameter, text):
                return f"must be a number from {parameter.get('MinValue', '…')} to {parameter.get('MaxValue', '…')}"
        return None

    def missing(self, given: dict[str, str]) -> list[str]:
        """Parameters without a default that got no value."""
        return [name for name, parameter in self.parameters.items() if "Default" not in parameter and name not in given]


def in_range(parameter: dict, text: str) -> bool:
    try:
        number = float(text)
    except ValueError:
        return False
    return parameter.get("MinValue", number) <= number <= parameter.get("MaxValue", number)
