"""The whole path of each command, step after step. Every step can be repeated, so a stopped run is just run again."""

from collections.abc import Callable, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from scripts.deployment.commands import Commands
from scripts.deployment.consent import Operator
from scripts.deployment.errors import DeploymentError
from scripts.deployment.finding import Verdict
from scripts.deployment.given_context import choices, left_out_values
from scripts.deployment.outputs import StageOutputs, deployed_outputs, read_outputs_file
from scripts.deployment.preflight import Account, check, open_account
from scripts.deployment.site import app_config, empty_bucket, publish, site_files
from scripts.deployment.stack_states import FailedCreation, allow_remaking, failed_creations
from scripts.deployment.stage import Stage

Say = Callable[[str], None]

APPS: Final = ("speaker", "listener")


def preflight(stage: Stage, say: Say) -> tuple[Account, Commands]:
    """Check everything and say each result, so that all that is wrong is known at once.

    Raises:
        DeploymentError: Something prevents a deployment.
    """
    account = open_account()
    commands = Commands(directory=stage.root, environment=account.environment)
    findings = []
    for finding in check(stage, account, commands):
        say(str(finding))
        findings.append(finding)
    failed = [finding.what for finding in findings if finding.verdict is Verdict.FAILED]
    if failed:
        raise DeploymentError(f"not ready to deploy: {', '.join(failed)} (see above); nothing was changed")
    return account, commands


def bootstrap(stage: Stage, operator: Operator, say: Say) -> None:
    """Prepare the account and region for the CDK, which makes a bucket and roles there; needed once.

    Raises:
        DeploymentError: A step failed, or the operator said no.
    """
    account = open_account()
    place = f"aws://{account.account_id}/{account.region}"
    operator.agree(f"Prepare {place} for deployments by the CDK?")
    commands = Commands(directory=stage.root, environment=account.environment)
    # Without an app: the project's own would have to be synthesised for nothing.
    commands.run("cdk", "bootstrap", "--app", "", place)
    say(f"{place} is ready")


def deploy(stage: Stage, operator: Operator, say: Say) -> StageOutputs:
    """Build, deploy every stack of the stage, publish the apps.

    Raises:
        DeploymentError: A step failed, or the operator said no.
    """
    account, commands = preflight(stage, say)
    cloudformation = account.client("cloudformation")
    left_out = left_out_values(cloudformation, stage)
    if left_out:
        raise DeploymentError(f"{choices(stage, left_out)}\nnothing was changed")
    build(stage, commands, say, apps=True)
    failed = failed_creations(cloudformation, stage, region=account.region)
    if stage.settings.keeps_data:
        commands.run("cdk", "diff", "--app", str(stage.assembly))
        operator.agree(f"Deploy this to {stage.name} in account {account.account_id}, {account.region}?")
    _clear_failed(failed, cloudformation, say)
    say(f"deploying {', '.join(stack.name for stack in stage.stacks())}")
    # What the change allows was shown above or is for trying out; the CDK need not ask a second time.
    commands.run(
        *("cdk", "deploy", "--app", str(stage.assembly), "--all", "--require-approval", "never"),
        *("--progress", "events", "--outputs-file", str(stage.outputs_file)),
    )
    outputs = read_outputs_file(stage)
    publish_apps(stage, account, outputs, say)
    for app in (outputs.speaker, outputs.listener):
        if app.dns_target:
            say(f"DNS: {urlsplit(app.url).hostname} must be a CNAME of {app.dns_target}")
    say(f"\nspeakers    {outputs.speaker.url}\nlisteners   {outputs.listener.url}")
    say(f"HTTP API    {outputs.http_api_url}\nWebSocket   {outputs.web_socket_url}")
    say(f"dashboard   {_dashboard_url(account.region, outputs.dashboard_name)}")
    say(f"\nnext: make speaker STAGE={stage.name} EMAIL=…, then make verify STAGE={stage.name}")
    return outputs


def diff(stage: Stage, say: Say) -> None:
    """Show what a deployment would change.

    Raises:
        DeploymentError: A step failed.
    """
    account, commands = preflight(stage, say)
    left_out = left_out_values(account.client("cloudformation"), stage)
    if left_out:
        say(choices(stage, left_out))
    build(stage, commands, say, apps=False)
    commands.run("cdk", "diff", "--app", str(stage.assembly))


def destroy(stage: Stage, operator: Operator, say: Say) -> None:
    """Delete a stage's stacks, but for the protected ones.

    Raises:
        DeploymentError: A step failed, or the operator did not agree.
    """
    account = open_account()
    where = f"account {account.account_id}, {account.region}"
    if stage.settings.keeps_data:
        operator.type_name(stage.name, f"Destroy {stage.name} in {where}?")
    else:
        operator.agree(f"Destroy {stage.name} in {where}, with all its sessions, clips and speakers?")
    commands = Commands(directory=stage.root, environment=account.environment)
    build(stage, commands, say, apps=False)
    protected = [stack.name for stack in stage.stacks() if stack.is_protected]
    stacks = [stack.name for stack in stage.stacks() if not stack.is_protected]
    holding = [stack for stack in stacks if stack in {stage.data_stack, stage.web_stack}]
    # First those that write: a session that is on the air would fill the bucket again.
    _destroy(stage, commands, [stack for stack in stacks if stack not in holding])
    if holding:
        _empty_buckets(stage, holding, account, say)
        _destroy(stage, commands, holding)
    if protected:
        say(f"{', '.join(protected)} are protected and stay: docs/operations.md, “Deleting a stage”")


def build(stage: Stage, commands: Commands, say: Say, *, apps: bool) -> None:
    """Build the layers, the apps and the assembly; make does what has changed and the assembly every time.

    With the apps, what is to be deployed, come the bills of materials of both.

    Raises:
        DeploymentError: A build failed.
    """
    say(f"building the layers, {'the apps, ' if apps else ''}and {stage.stack_prefix}'s templates")
    context = " ".join(f"-c {key}={value}" for key, value in stage.context.items())
    if any(character in context for character in "\"'`$\\;|&<>()\n"):
        raise DeploymentError("a context value has a character that a shell would take for its own")
    assembly = stage.assembly.relative_to(stage.root) / "manifest.json"
    targets: Sequence[str] = ("build/.layers", *(("build/.frontend", "build/.sbom") if apps else ()), str(assembly))
    commands.run("make", "--no-print-directory", *targets, f"CDK_CONTEXT={context}")


def publish_apps(stage: Stage, account: Account, outputs: StageOutputs, say: Say) -> None:
    """Upload both apps with their ``config.json``.

    Raises:
        DeploymentError: An app is not built.
    """
    config = app_config(outputs, stage=stage, region=account.region)
    s3, cloudfront = account.client("s3"), account.client("cloudfront")
    for app, target in zip(APPS, (outputs.speaker, outputs.listener), strict=True):
        done = publish(site_files(stage.app_build(app), config), target, s3=s3, cloudfront=cloudfront)
        what = f"{len(done.uploaded)} files uploaded" if done.uploaded else "no change"
        say(f"{app} app: {what}{', CloudFront invalidated' if done.invalidated else ''}")


def _clear_failed(failed: Sequence[FailedCreation], cloudformation: Any, say: Say) -> None:
    for each in failed:
        say(f"{each.stack} was never made ({each.status}): it is deleted and made anew")
        for resource in each.left_behind:
            say(f"  that attempt has left behind, empty, to be deleted by hand: {resource}")
        allow_remaking(cloudformation, each)


def _destroy(stage: Stage, commands: Commands, stacks: Sequence[str]) -> None:
    commands.run("cdk", "destroy", "--app", str(stage.assembly), "--force", *stacks)


def _dashboard_url(region: str, name: str) -> str:
    return f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#dashboards/dashboard/{name}"


def _empty_buckets(stage: Stage, stacks: Sequence[str], account: Account, say: Say) -> None:
    cloudformation, s3 = account.client("cloudformation"), account.client("s3")
    for stack, key in (
        (stage.web_stack, "SpeakerBucketName"),
        (stage.web_stack, "ListenerBucketName"),
        (stage.data_stack, "AudioBucketName"),
    ):
        bucket = deployed_outputs(cloudformation, stack).get(key) if stack in stacks else None
        if bucket is not None:
            say(f"emptying {bucket}")
            empty_bucket(s3, bucket)
