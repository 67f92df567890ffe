"""What a stage's settings mean for the functions of one of its stacks."""

from pathlib import Path

from aws_cdk import Stack
from aws_cdk import aws_logs as logs

from infrastructure.constructs.python_function import FunctionDefaults, shared_layer
from infrastructure.settings import StageSettings


def log_retention(settings: StageSettings) -> logs.RetentionDays:
    """The CDK's name for the stage's retention."""
    return logs.RetentionDays[settings.log_retention]


def function_defaults(
    stack: Stack, *, settings: StageSettings, code_directory: Path, layer_directory: Path
) -> FunctionDefaults:
    """What all functions of this stack have in common, with a version of the layer in this stack."""
    return FunctionDefaults(
        code_directory=code_directory,
        layer=shared_layer(stack, layer_directory),
        environment={
            "STAGE": settings.name,
            "LOG_LEVEL": settings.log_level,
            "POWERTOOLS_METRICS_NAMESPACE": settings.metrics_namespace,
        },
        log_retention=log_retention(settings),
        tracing=settings.tracing,
    )
