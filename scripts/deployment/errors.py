"""Why a deployment stops."""

from botocore.exceptions import BotoCoreError, ClientError


class DeploymentError(Exception):
    """The deployment cannot go on; the message says why and what to do."""


def error_code(error: BotoCoreError | ClientError) -> str:
    """An error's name, without anything that it quotes."""
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__


def explanation(error: Exception) -> str:
    """One line about an error of AWS or of a deployment, for whoever has run the command."""
    if isinstance(error, ClientError):
        refused = error.response["Error"]
        return f"AWS refused {error.operation_name} ({refused['Code']}): {refused.get('Message', '')}"
    if isinstance(error, BotoCoreError):
        return f"AWS cannot be reached ({type(error).__name__})"
    return str(error)
