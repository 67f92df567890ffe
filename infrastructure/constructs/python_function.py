"""A Python function with a role of its own, a log group of its own and nothing it was not granted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import Duration, IgnoreMode, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionDefaults:
    """What all functions of a stack have in common.

    Attributes:
        code_directory: Holds one directory per function, each with a ``handler.py``.
        layer: The shared code and its packages, which every function gets.
        environment: Variables that every function gets.
        tracing: Whether X-Ray samples the invocations.
    """

    code_directory: Path
    layer: lambda_.ILayerVersion
    environment: Mapping[str, str]
    log_retention: logs.RetentionDays
    tracing: bool


def shared_layer(scope: Construct, directory: Path) -> lambda_.LayerVersion:
    """Every function's layer in this stack; ``directory`` holds ``python/``.

    Each stack has a version of its own. A version's address changes with its content, and an address that another stack
    imports cannot change.
    """
    # Another process may be writing bytecode just now; its unfinished files come and go.
    code = lambda_.Code.from_asset(str(directory), exclude=["*.pyc.*"], ignore_mode=IgnoreMode.GIT)
    return _layer(scope, "SharedLayer", code, "Babelcast's shared code and the packages it uses")


def signal_layer(scope: Construct, directory: Path | None) -> lambda_.LayerVersion:
    """The layer of functions that calculate with sound; ``directory`` holds ``python/``, None makes an empty one."""
    code = (
        lambda_.Code.from_asset(str(directory))
        if directory
        else lambda_.Code.from_asset(str(Path(__file__).parent), exclude=["*"], ignore_mode=IgnoreMode.GIT)
    )
    return _layer(scope, "SignalLayer", code, "numpy")


def _layer(scope: Construct, construct_id: str, code: lambda_.Code, description: str) -> lambda_.LayerVersion:
    return lambda_.LayerVersion(
        scope,
        construct_id,
        code=code,
        description=description,
        compatible_runtimes=[lambda_.Runtime.PYTHON_3_13],
        compatible_architectures=[lambda_.Architecture.ARM_64],
    )


class PythonFunction(Construct):
    """One function of ``lambdas/``: Python 3.13 on arm64.

    Its role can write to its own log group; everything else comes through `grant`.

    Attributes:
        name: Of its directory, and the dimension ``service`` of its metrics.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        description: str,
        memory_mb: int,
        timeout_s: int,
        environment: Mapping[str, str],
        defaults: FunctionDefaults,
        reserved_concurrency: int | None = None,
        more_layers: Sequence[lambda_.ILayerVersion] = (),
    ) -> None:
        super().__init__(scope, construct_id)
        self.name = name
        log_group = logs.LogGroup(self, "Logs", retention=defaults.log_retention, removal_policy=RemovalPolicy.DESTROY)
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.function = lambda_.Function(
            self,
            "Function",
            description=description,
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            handler=f"{name}.handler.lambda_handler",
            code=lambda_.Code.from_asset(
                str(defaults.code_directory),
                exclude=["*", f"!{name}", f"!{name}/**", "__pycache__"],
                ignore_mode=IgnoreMode.GIT,
            ),
            layers=[defaults.layer, *more_layers],
            memory_size=memory_mb,
            timeout=Duration.seconds(timeout_s),
            role=self.role,
            log_group=log_group,
            tracing=lambda_.Tracing.ACTIVE if defaults.tracing else lambda_.Tracing.DISABLED,
            reserved_concurrent_executions=reserved_concurrency,
            environment={
                **defaults.environment,
                **environment,
                "POWERTOOLS_SERVICE_NAME": name,
            },
        )
        self.grant("logs:CreateLogStream", "logs:PutLogEvents", on=[log_group.log_group_arn])

    def grant(self, *actions: str, on: Sequence[str]) -> None:
        """Allow the function these actions on these resources."""
        self.role.add_to_policy(iam.PolicyStatement(actions=list(actions), resources=list(on)))
