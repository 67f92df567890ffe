"""What cdk-nag's AwsSolutions rules find and we accept, each with its reason, at the resource that has it.

Any other finding fails the synthesis.
"""

from collections.abc import Iterable

from aws_cdk import Acknowledgment, App, Stack, Validations
from aws_cdk import aws_iam as iam
from cdk_nag import AwsSolutionsChecks
from constructs import IConstruct

from infrastructure.constructs.python_function import PythonFunction
from infrastructure.settings import StageSettings
from infrastructure.stacks.api import ApiStack
from infrastructure.stacks.data import DataStack
from infrastructure.stacks.processing import ProcessingStack
from infrastructure.stacks.web import WebStack

_RULES = "AwsSolutions::AwsSolutions-"


def check_rules(
    app: App, *, settings: StageSettings, data: DataStack, web: WebStack, api: ApiStack, processing: ProcessingStack
) -> None:
    """Check the app when it is synthesised, but for the findings acknowledged here."""
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    _accept_storage(data, settings)
    _accept_sites(web, settings)
    _accept_apis(api)
    _accept_functions(api, processing)
    _accept_clips(data, api, processing)
    _accept_connections(api, processing)
    _accept_services(settings, api, processing)


def _accept_storage(data: DataStack, settings: StageSettings) -> None:
    _accept(
        "S1",
        "Clips live a day and are fetched by presigned address; logging each fetch would keep more than the clip",
        data.bucket,
    )
    _accept(
        "COG2",
        "A speaker signs in to speak, from whatever device is at hand; the account opens nothing else",
        data.user_pool,
    )
    _accept(
        "COG8",
        "The plus plan costs by user and guards accounts that hold no personal data but an address",
        data.user_pool,
    )
    if not settings.keeps_data:
        tables = (data.sessions, data.connections, data.segments, data.rate_limits)
        _accept("DDB3", "A stage for trying out; every item expires within a day", *tables)


def _accept_sites(web: WebStack, settings: StageSettings) -> None:
    buckets = (web.speaker.bucket, web.listener.bucket)
    distributions = (web.speaker.distribution, web.listener.distribution)
    _accept("S1", "Only the distribution reads it, files that are public; deployments are in CloudTrail", *buckets)
    _accept(
        "CFR3",
        "A line would join a listener's IP address to the session in the page's query, for files that are public; "
        "requests and error rates are CloudFront's metrics, and what listeners then do is logged by the APIs",
        *distributions,
    )
    _accept("CFR1", "Listeners may be in any country; languages are what it is for", *distributions)
    _accept(
        "CFR2",
        "Static files, GET and HEAD only, nothing behind them that a request could reach or overload; "
        "the APIs have other addresses and throttle by themselves",
        *distributions,
    )
    if settings.certificate_arn is None:
        _accept(
            "CFR4",
            "The minimum cannot be set for CloudFront's own names; browsers that can run the apps take TLS 1.2 or "
            "later. Custom domains get it as a minimum",
            *distributions,
        )


def _accept_apis(api: ApiStack) -> None:
    _accept(
        "APIG4",
        "The authorizer of $connect has let the connection in; messages cannot carry credentials",
        *api.websocket.message_routes,
    )
    _accept(
        "APIG4", "Listeners are anonymous; these routes show public facts and are rate limited", *api.http.open_routes
    )
    if api.log_role is None:
        _accept(
            "APIG1",
            "WebSocket access logs need a role set for the whole account, which a trial leaves alone",
            api.websocket.stage,
        )
    else:
        managed = "Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
        _accept(f"IAM4[{managed}]", "The policy that API Gateway documents for its account-wide log role", api.log_role)


def _accept_functions(api: ApiStack, processing: ProcessingStack) -> None:
    why_python = "Python 3.13 is what the code is tested on and the layer is built for; it is supported until 2029-06"
    _accept("L1", why_python, *(each.function for each in (*api.functions, *processing.functions)))
    why_queue = "It is the failure queue of an event source mapping, read by an operator; it has none of its own"
    _accept("SQS3", why_queue, *(each.failure_queue for each in processing.consumers))


def _accept_clips(data: DataStack, api: ApiStack, processing: ProcessingStack) -> None:
    """Accept ``sessions/*``: clips are named when they are spoken.

    cdk-nag names a finding by the resource as the template writes it: by logical id in the stack that owns it, by the
    export's name in another.
    """
    finding = f"IAM5[Resource::{_export_name(data, data.bucket.bucket_arn)}/sessions/*]"
    _accept(
        finding,
        "Signs addresses of clips that other invocations have named; the prefix holds nothing but clips, and the only "
        "action is to read one",
        *_policies(api.functions, named="connection_handler"),
    )
    _accept(
        finding,
        "Names a clip after its session, language and number as it speaks it; the prefix holds nothing but clips",
        *_policies(processing.functions),
    )


def _accept_connections(api: ApiStack, processing: ProcessingStack) -> None:
    """Accept the stage's ``@connections/*``: API Gateway names a connection when it opens."""
    api_id: str = api.resolve(api.websocket.api_id)["Ref"]
    own = f"IAM5[Resource::{_connections(api, f'<{api_id}>')}]"
    _accept(
        own,
        "Answers any connection of this one stage of this one API, by the id that the event brings",
        *_policies(api.functions, named="connection_handler"),
    )
    _accept(
        own,
        "Tells the speaker, whose connection is in the session's record, how many listeners are left",
        *_policies(api.functions, named="disconnect_handler"),
    )
    _accept(
        own,
        "Tells the connections that its callers name, of this one stage of this one API",
        *_policies(api.functions, named="notification_sender"),
    )
    _accept(
        f"IAM5[Resource::{_connections(api, _export_name(api, api.websocket.api_id))}]",
        "Tells the listeners of a session, whose connections are in a table, of this one stage of this one API",
        *_policies(processing.functions),
    )


def _accept_services(settings: StageSettings, api: ApiStack, processing: ProcessingStack) -> None:
    """Accept ``*`` where an action takes no resource at all.

    Source: Service Authorization Reference, "Actions, resources, and condition keys" of each service: the column of
    resource types is empty (for Polly it has lexicons only, which are not used).
    """
    speech = "transcribe:StartStreamTranscription, translate:TranslateText and polly:SynthesizeSpeech"
    tracing = "xray:PutTraceSegments and xray:PutTelemetryRecords"
    _accept(
        "IAM5[Resource::*]",
        f"{speech}{f', {tracing},' if settings.tracing else ''} take no resource; no other action is in the statement",
        *_policies(processing.functions),
    )
    if settings.tracing:
        _accept(
            "IAM5[Resource::*]",
            f"{tracing} take no resource; no other action is in the statement",
            *_policies(api.functions),
        )


def _policies(functions: Iterable[PythonFunction], *, named: str | None = None) -> list[IConstruct]:
    """What the roles of these functions allow, of all or of those with this name."""
    roles = [each.role for each in functions if named in (None, each.name)]
    return [policy for role in roles for policy in role.node.children if isinstance(policy, iam.Policy)]


def _connections(api: ApiStack, api_id: str) -> str:
    stage = api.websocket.stage.stage_name
    return f"arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:{api_id}/{stage}/*/@connections/*"


def _export_name(stack: Stack, value: str) -> str:
    name: str = stack.resolve(stack.export_value(value))["Fn::ImportValue"]
    return name


def _accept(rule: str, reason: str, *constructs: IConstruct) -> None:
    """Accept a finding at the resource itself that each construct stands for, and nowhere else."""
    for each in constructs:
        resource = each.node.default_child or each
        Validations.of(resource).acknowledge(Acknowledgment(id=_RULES + rule, reason=reason))
