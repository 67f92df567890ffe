"""CloudFormation's stacks in a file, which the CDK's command line in `programs` and boto3 see alike.

moto knows neither failed creations nor termination protection.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OPERATIONS = {"DescribeStacks", "UpdateTerminationProtection", "ListStackResources"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedStacks:
    """Stacks by name: ``status``, ``protected``, ``outputs``, and ``resources`` as CloudFormation lists them."""

    path: Path

    def all(self) -> dict[str, dict[str, Any]]:
        stacks: dict[str, dict[str, Any]] = json.loads(self.path.read_text()) if self.path.is_file() else {}
        return stacks

    def put(
        self,
        name: str,
        *,
        status: str = "CREATE_COMPLETE",
        protected: bool = False,
        outputs: dict[str, str] | None = None,
        resources: list[dict[str, str]] | None = None,
    ) -> None:
        stack = {"status": status, "protected": protected, "outputs": outputs or {}, "resources": resources or []}
        self.path.parent.mkdir(exist_ok=True)
        self.path.write_text(json.dumps({**self.all(), name: stack}))

    def answer(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any] | None:
        """CloudFormation's answer; None if it is no matter of these stacks."""
        if operation not in OPERATIONS or parameters.get("StackName") not in self.all():
            return None
        name = parameters["StackName"]
        stack = self.all()[name]
        if operation == "UpdateTerminationProtection":
            self.put(name, **{**stack, "protected": parameters["EnableTerminationProtection"]})
            return {"StackId": name}
        if operation == "ListStackResources":
            return {"StackResourceSummaries": stack["resources"]}
        outputs = [{"OutputKey": key, "OutputValue": value} for key, value in stack["outputs"].items()]
        described = {"StackName": name, "StackStatus": stack["status"], "Outputs": outputs}
        return {"Stacks": [{**described, "EnableTerminationProtection": stack["protected"]}]}
