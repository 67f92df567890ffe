"""Deploy Babelcast, look what would change, delete a stage, invite a speaker.

python -m scripts.deploy deploy --stage dev
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from scripts.deployment.consent import Operator
from scripts.deployment.errors import DeploymentError, explanation
from scripts.deployment.flow import bootstrap, deploy, destroy, diff, preflight
from scripts.deployment.outputs import deployed_output
from scripts.deployment.preflight import open_account
from scripts.deployment.speakers import invite_speaker
from scripts.deployment.stage import ROOT, stage_named


def main(arguments: Sequence[str] | None = None, *, root: Path = ROOT) -> int:
    """Run one command; 1 if it could not be done."""
    options = _parser().parse_args(arguments)
    try:
        _run(options, root)
    except (DeploymentError, BotoCoreError, ClientError) as error:
        _say(f"\nstopped: {explanation(error)}")
        return 1
    return 0


def _run(options: argparse.Namespace, root: Path) -> None:
    stage = stage_named(options.stage, root=root, context=getattr(options, "context", ()))
    match options.command:
        case "check":
            preflight(stage, _say)
        case "bootstrap":
            bootstrap(stage, Operator(agrees=options.yes), _say)
        case "deploy":
            deploy(stage, Operator(agrees=options.yes), _say)
        case "diff":
            diff(stage, _say)
        case "destroy":
            destroy(stage, Operator(agrees=options.yes, confirms=options.confirm), _say)
        case _:
            account = open_account()
            user_pool_id = deployed_output(
                account.client("cloudformation"), stage.data_stack, "UserPoolId", stage=stage
            )
            _say(invite_speaker(account.client("cognito-idp"), user_pool_id, options.email))


def _say(line: str) -> None:
    """Print at once, so that lines keep their place among those of the programs that are started."""
    print(line, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.deploy", description="Deploy Babelcast to AWS.")
    commands = parser.add_subparsers(dest="command", required=True)
    stage = argparse.ArgumentParser(add_help=False)
    stage.add_argument("--stage", default="dev", help="dev (default) or prod")
    context = argparse.ArgumentParser(add_help=False)
    context.add_argument(
        *("-c", "--context"), metavar="KEY=VALUE", action="append", default=[], help="for the CDK app; repeatable"
    )
    yes = argparse.ArgumentParser(add_help=False)
    yes.add_argument("--yes", action="store_true", help="do not ask")
    commands.add_parser("check", parents=[stage, context], help="make the checks alone")
    commands.add_parser("bootstrap", parents=[stage, yes], help="prepare the account and region for the CDK, once")
    commands.add_parser("deploy", parents=[stage, context, yes], help="build and deploy everything")
    commands.add_parser("diff", parents=[stage, context], help="show what a deployment would change")
    destroying = commands.add_parser("destroy", parents=[stage, context, yes], help="delete the stage's stacks")
    destroying.add_argument("--confirm", metavar="STAGE", help="the stage's name, asked for where data is kept")
    speaker = commands.add_parser("speaker", parents=[stage], help="create a speaker's account")
    speaker.add_argument("--email", required=True, help="gets the invitation")
    return parser


if __name__ == "__main__":
    sys.exit(main())
