"""What cdk-nag's AwsSolutions rules find and we accept, each with its reason. Any other finding fails the synthesis."""

from aws_cdk import Acknowledgment, App, Stack, Validations
from cdk_nag import AwsSolutionsChecks
from constructs import IConstruct

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
    _accept_wildcards(data, api, processing)
    if settings.tracing:
        _accept("IAM5[Resource::*]", "X-Ray has no resources that could be named", *api.functions)


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
            api.websocket,
        )
    else:
        managed = "Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
        _accept(f"IAM4[{managed}]", "The policy that API Gateway documents for its account-wide log role", api.log_role)


def _accept_functions(api: ApiStack, processing: ProcessingStack) -> None:
    why_python = "Python 3.13 is what the code is tested on and the layer is built for; it is supported until 2029-06"
    _accept("L1", why_python, *api.functions, *processing.functions)
    why_queue = "It is the failure queue of an event source mapping, read by an operator; it has none of its own"
    _accept("SQS3", why_queue, *processing.consumers)


def _accept_wildcards(data: DataStack, api: ApiStack, processing: ProcessingStack) -> None:
    """Accept ``*`` where the resource is made at run time or the service has none to name.

    cdk-nag names a finding by the resource as the template writes it: by logical id in the stack that owns it, by the
    export's name in another.
    """
    clips = f"{_export_name(data, data.bucket.bucket_arn)}/sessions/*"
    own_connections = _connections(api, f"<{api.resolve(api.websocket.api_id)['Ref']}>")
    exported_connections = _connections(api, _export_name(api, api.websocket.api_id))
    why_clips = "Clips are named when they are spoken; the prefix holds nothing else"
    why_connections = "Connections are named when they open; the address is this stage's"
    why_models = "Transcribe, Translate and Polly (and X-Ray) have no resources that these actions could name"
    _accept(f"IAM5[Resource::{clips}]", why_clips, api, processing)
    _accept(f"IAM5[Resource::{own_connections}]", why_connections, api)
    _accept(f"IAM5[Resource::{exported_connections}]", why_connections, processing)
    _accept("IAM5[Resource::*]", why_models, processing)


def _connections(api: ApiStack, api_id: str) -> str:
    stage = api.websocket.stage.stage_name
    return f"arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:{api_id}/{stage}/*/@connections/*"


def _export_name(stack: Stack, value: str) -> str:
    name: str = stack.resolve(stack.export_value(value))["Fn::ImportValue"]
    return name


def _accept(rule: str, reason: str, *scopes: IConstruct) -> None:
    for scope in scopes:
        Validations.of(scope).acknowledge(Acknowledgment(id=_RULES + rule, reason=reason))
