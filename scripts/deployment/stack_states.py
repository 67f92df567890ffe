"""Stacks that an earlier attempt has left in a state from which the CDK's command line cannot go on.

Source: the command line's own ``deployStack`` (aws-cdk 2.1148.1). It deletes a stack whose creation was rolled back and
makes it anew, which CloudFormation refuses while the stack is protected from termination, and the command line protects
a stack before it has made it. A stack that waits for its first change set (``REVIEW_IN_PROGRESS``) it makes as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from scripts.deployment.errors import DeploymentError
from scripts.deployment.outputs import described_stack, stack_resources
from scripts.deployment.stage import Stage

NEVER_MADE: Final = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED"})
"""The end of a creation that failed, and of nothing else: a failed change ends as ``UPDATE_ROLLBACK_…``."""

_ROLLED_BACK_BY_CDK: Final = frozenset({"CREATE_FAILED", "UPDATE_FAILED", "UPDATE_ROLLBACK_FAILED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedCreation:
    """A stack that was never whole, so that nobody has used it.

    Attributes:
        is_protected: CloudFormation refuses to delete it.
        left_behind: What the rollback has kept, type and name: resources whose stack keeps them, made and never used.
    """

    stack: str
    status: str
    is_protected: bool
    left_behind: Sequence[str]


def failed_creations(cloudformation: Any, stage: Stage, *, region: str) -> list[FailedCreation]:
    """The stacks of the assembly that an earlier attempt did not finish making.

    Raises:
        DeploymentError: A stack is being changed, or has to be mended before anything can be deployed.
    """
    failed = []
    for stack in (each.name for each in stage.stacks()):
        described = described_stack(cloudformation, stack)
        if described is None:
            continue
        status = described["StackStatus"]
        _require_usable(stack, status, stage=stage, region=region)
        if status in NEVER_MADE:
            failed.append(
                FailedCreation(
                    stack=stack,
                    status=status,
                    is_protected=described.get("EnableTerminationProtection", False),
                    left_behind=[
                        f"{each['ResourceType']} {each['PhysicalResourceId']}"
                        for each in stack_resources(cloudformation, stack)
                        if each["ResourceStatus"] == "DELETE_SKIPPED"
                    ],
                )
            )
    return failed


def allow_remaking(cloudformation: Any, failed: FailedCreation) -> None:
    """Let the CDK's command line delete a stack that was never whole; it protects the new one."""
    if failed.is_protected:
        cloudformation.update_termination_protection(StackName=failed.stack, EnableTerminationProtection=False)


def _require_usable(stack: str, status: str, *, stage: Stage, region: str) -> None:
    named = f"--stack-name {stack} --region {region}"
    if status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
        raise DeploymentError(
            f"{stack} is {status}: another deployment is at work, or an interrupted one goes on in CloudFormation. "
            "Run the same command again when it has ended; how far it is: "
            f"aws cloudformation describe-stack-events {named} --max-items 5"
        )
    if status in _ROLLED_BACK_BY_CDK:
        raise DeploymentError(
            f"{stack} is {status} and takes no change before it is rolled back: mend what its last event says, then "
            f"npx cdk rollback --app {stage.assembly.relative_to(stage.root)} {stack}"
        )
    if status == "DELETE_FAILED":
        raise DeploymentError(
            f"{stack} is {status}: somebody began to delete it. Remove what its last event names, then finish: "
            f"aws cloudformation delete-stack {named}"
        )
