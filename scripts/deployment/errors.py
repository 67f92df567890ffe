"""Why a deployment stops."""


class DeploymentError(Exception):
    """The deployment cannot go on; the message says why and what to do."""
