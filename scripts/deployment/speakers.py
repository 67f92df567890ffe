"""Speakers' accounts: made by an operator, finished by the speaker, who gets an e-mail with a temporary password."""

import re
from typing import Any

from botocore.exceptions import ClientError

from scripts.deployment.errors import DeploymentError


def invite_speaker(cognito: Any, user_pool_id: str, email: str) -> str:
    """Create an account, or send the invitation again to somebody who has not used it.

    Returns:
        One line about what was done.

    Raises:
        DeploymentError: It is no e-mail address, or Cognito refuses.
    """
    if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email) is None:
        raise DeploymentError(f"{email!r} is no e-mail address: make speaker EMAIL=somebody@example.org")
    invitation: dict[str, Any] = {
        "UserPoolId": user_pool_id,
        "Username": email,
        "UserAttributes": [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}],
        "DesiredDeliveryMediums": ["EMAIL"],
    }
    try:
        cognito.admin_create_user(**invitation)
    except ClientError as error:
        if error.response["Error"]["Code"] != "UsernameExistsException":
            raise
        status = cognito.admin_get_user(UserPoolId=user_pool_id, Username=email)["UserStatus"]
        if status != "FORCE_CHANGE_PASSWORD":
            return f"{email} already has an account ({status}); nothing was changed"
        cognito.admin_create_user(**invitation, MessageAction="RESEND")
        return f"{email} was invited before and has not signed in yet; the invitation was sent again"
    return f"{email} gets an e-mail with a temporary password, valid for seven days"
