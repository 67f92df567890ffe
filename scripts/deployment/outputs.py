"""What the deployed stacks say about themselves."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from botocore.exceptions import ClientError

from scripts.deployment.errors import DeploymentError
from scripts.deployment.stage import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class AppOutputs:
    """Where an app goes to.

    Attributes:
        bucket: Holds its files.
        distribution_id: The CloudFront distribution in front of the bucket.
        url: Where people open it, ``https://…``.
        dns_target: What the owner's DNS record for a name of their own leads to; None without such a name.
    """

    bucket: str
    distribution_id: str
    url: str
    dns_target: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageOutputs:
    """What the apps, the operator and whoever verifies a stage need to know of it."""

    user_pool_id: str
    user_pool_client_id: str
    audio_bucket: str
    web_socket_url: str
    http_api_url: str
    dashboard_name: str
    speaker: AppOutputs
    listener: AppOutputs

    @classmethod
    def of(cls, stage: Stage, stacks: Mapping[str, Mapping[str, str]]) -> Self:
        """Read the outputs by stack and key.

        Raises:
            DeploymentError: A stack or one of its outputs is missing.
        """

        def value(stack: str, key: str) -> str:
            try:
                return stacks[stack][key]
            except KeyError:
                raise DeploymentError(f"stack {stack} has no output {key}: deploy the whole stage again") from None

        def app(name: str) -> AppOutputs:
            return AppOutputs(
                bucket=value(stage.web_stack, f"{name}BucketName"),
                distribution_id=value(stage.web_stack, f"{name}DistributionId"),
                url=value(stage.web_stack, f"{name}Url"),
                dns_target=stacks[stage.web_stack].get(f"{name}DnsTarget"),
            )

        return cls(
            user_pool_id=value(stage.data_stack, "UserPoolId"),
            user_pool_client_id=value(stage.data_stack, "UserPoolClientId"),
            audio_bucket=value(stage.data_stack, "AudioBucketName"),
            web_socket_url=value(stage.api_stack, "WebSocketUrl"),
            http_api_url=value(stage.api_stack, "HttpApiUrl"),
            dashboard_name=value(stage.observability_stack, "DashboardName"),
            speaker=app("Speaker"),
            listener=app("Listener"),
        )


def read_outputs_file(stage: Stage) -> StageOutputs:
    """The outputs that ``cdk deploy --outputs-file`` has written.

    Raises:
        DeploymentError: The file is missing or lacks an output.
    """
    if not stage.outputs_file.is_file():
        raise DeploymentError(f"{stage.outputs_file} is missing, although the stacks were deployed")
    return StageOutputs.of(stage, json.loads(stage.outputs_file.read_text()))


def deployed_stage(cloudformation: Any, stage: Stage) -> StageOutputs:
    """A stage's outputs, as CloudFormation has them now.

    Raises:
        DeploymentError: The stage is not deployed, or not as a whole.
    """
    deployed_output(cloudformation, stage.data_stack, "UserPoolId", stage=stage)
    stacks = (stage.data_stack, stage.web_stack, stage.api_stack, stage.observability_stack)
    return StageOutputs.of(stage, {stack: deployed_outputs(cloudformation, stack) for stack in stacks})


def described_stack(cloudformation: Any, stack: str) -> dict[str, Any] | None:
    """A stack as CloudFormation describes it; None if there is none."""
    try:
        found: list[dict[str, Any]] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if _is_missing(error):
            return None
        raise
    return found[0]


def stack_resources(cloudformation: Any, stack: str) -> Iterator[dict[str, Any]]:
    """A stack's resources; none if there is no such stack."""
    try:
        for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack):
            yield from page["StackResourceSummaries"]
    except ClientError as error:
        if not _is_missing(error):
            raise


def deployed_outputs(cloudformation: Any, stack: str) -> dict[str, str]:
    """A stack's outputs by key, as CloudFormation has them now; empty if there is no such stack."""
    described = described_stack(cloudformation, stack) or {}
    return {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])}


def deployed_output(cloudformation: Any, stack: str, key: str, *, stage: Stage) -> str:
    """One output of a deployed stack.

    Raises:
        DeploymentError: The stage is not deployed.
    """
    outputs = deployed_outputs(cloudformation, stack)
    if key not in outputs:
        raise DeploymentError(
            f"stage {stage.name} is not deployed in this account and region: `make deploy STAGE={stage.name}`"
        )
    return outputs[key]


def _is_missing(error: ClientError) -> bool:
    """CloudFormation has no code of its own for a stack that does not exist."""
    return bool(error.response["Error"]["Code"] == "ValidationError")
