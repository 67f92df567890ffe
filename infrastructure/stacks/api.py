"""How clients come in: the WebSocket and the HTTP API, and the functions behind them."""

from pathlib import Path

from aws_cdk import CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_apigatewayv2 as apigwv2
from aws_cdk import aws_iam as iam
from constructs import Construct

from infrastructure.constructs.http_api import HttpApi
from infrastructure.constructs.python_function import PythonFunction
from infrastructure.constructs.websocket_api import WebSocketApi
from infrastructure.settings import FunctionSize, StageSettings
from infrastructure.stacks.data import DataStack
from infrastructure.stacks.functions import function_defaults, log_retention
from infrastructure.stacks.web import WebStack

ANSWERED_ROUTES = ("$default", "audioChunk")
"""Answered over the connection by what the function returns: an error and an acknowledgement."""

SILENT_ROUTES = (
    "joinSession",
    "pauseBroadcast",
    "resumeBroadcast",
    "muteBroadcast",
    "unmuteBroadcast",
    "setVolume",
    "endSession",
    "getSessionStatus",
    "heartbeat",
    "changeLanguage",
    "pausePlayback",
    "resumePlayback",
    "resume",
    "playbackReport",
)
"""Whatever they have to say is posted to the connection."""

MANAGE_CONNECTIONS = "execute-api:ManageConnections"
INVOKE_FUNCTION = "lambda:InvokeFunction"


class ApiStack(Stack):
    """Both APIs and their functions.

    Attributes:
        websocket: Its addresses are what the processing stack posts to.
        notification_sender: Posts what is to be told to many.
        log_role: What API Gateway writes WebSocket access logs with; None on stages without them.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: StageSettings,
        data: DataStack,
        web: WebStack,
        code_directory: Path,
        layer_directory: Path,
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self._data = data
        self._web = web
        self.functions: list[PythonFunction] = []
        self._defaults = function_defaults(
            self, settings=settings, code_directory=code_directory, layer_directory=layer_directory
        )
        self.websocket = WebSocketApi(
            self,
            "WebSocket",
            stage_name=settings.name,
            messages_per_s=settings.websocket_messages_per_s,
            burst=settings.websocket_burst,
            access_log_retention=log_retention(settings) if settings.websocket_access_logs else None,
        )
        self.log_role = self._account_log_role() if settings.websocket_access_logs else None
        self.notification_sender = self._notification_sender()
        self._route_websocket()

        self.http = HttpApi(
            self,
            "Http",
            function=self._http_session_handler().function,
            token_issuer=data.token_issuer,
            token_audience=data.user_pool_client.user_pool_client_id,
            allowed_origins=[*web.origins, *settings.allowed_origins],
            requests_per_s=settings.http_requests_per_s,
            burst=settings.http_burst,
            access_log_retention=log_retention(settings),
        )
        self._route_http()

        CfnOutput(self, "WebSocketUrl", value=self.websocket.url)
        CfnOutput(self, "HttpApiUrl", value=self.http.url)

    def _route_websocket(self) -> None:
        connection_handler = self._connection_handler().function
        self.websocket.connect(connection_handler, authorizer=self._authorizer().function)
        self.websocket.route("$disconnect", self._disconnect_handler().function)
        for route_key in ANSWERED_ROUTES:
            self.websocket.route(route_key, connection_handler, answers=True)
        for route_key in SILENT_ROUTES:
            self.websocket.route(route_key, connection_handler)

    def _function(
        self, construct_id: str, *, name: str, description: str, size: FunctionSize, environment: dict[str, str]
    ) -> PythonFunction:
        function = PythonFunction(
            self,
            construct_id,
            name=name,
            description=description,
            memory_mb=size.memory_mb,
            timeout_s=size.timeout_s,
            environment=environment,
            defaults=self._defaults,
        )
        self.functions.append(function)
        return function

    def _authorizer(self) -> PythonFunction:
        data = self._data
        function = self._function(
            "Authorizer",
            name="authorizer",
            description="Decides who may open a WebSocket connection",
            size=self._settings.functions.authorizer,
            environment={
                "SESSIONS_TABLE_NAME": data.sessions.table_name,
                "RATE_LIMITS_TABLE_NAME": data.rate_limits.table_name,
                "USER_POOL_CLIENT_ID": data.user_pool_client.user_pool_client_id,
                "TOKEN_ISSUER": data.token_issuer,
                "JWKS_URL": f"{data.token_issuer}/.well-known/jwks.json",
            },
        )
        function.grant("dynamodb:GetItem", on=[data.sessions.table_arn])
        function.grant("dynamodb:UpdateItem", on=[data.rate_limits.table_arn])
        return function

    def _connection_handler(self) -> PythonFunction:
        data = self._data
        function = self._function(
            "ConnectionHandler",
            name="connection_handler",
            description="Answers every message of a WebSocket connection; puts audio into the session's stream",
            size=self._settings.functions.connection_handler,
            environment={
                "SESSIONS_TABLE_NAME": data.sessions.table_name,
                "CONNECTIONS_TABLE_NAME": data.connections.table_name,
                "SEGMENTS_TABLE_NAME": data.segments.table_name,
                "RATE_LIMITS_TABLE_NAME": data.rate_limits.table_name,
                "AUDIO_STREAM_NAMES": self._stream_names(),
                "LISTENERS_PER_SESSION": str(self._settings.listeners_per_session),
                "S3_BUCKET_NAME": data.bucket.bucket_name,
                "PRESIGNED_URL_EXPIRATION": str(self._settings.presigned_url_expiration_s),
                "WEBSOCKET_MANAGEMENT_ENDPOINT": self.websocket.management_endpoint,
                "NOTIFICATION_SENDER_FUNCTION_NAME": self.notification_sender.function.function_name,
            },
        )
        function.grant("dynamodb:GetItem", "dynamodb:UpdateItem", on=[data.sessions.table_arn])
        function.grant(
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:DeleteItem",
            on=[data.connections.table_arn],
        )
        function.grant("dynamodb:Query", on=[data.session_language_index_arn])
        function.grant("dynamodb:Query", on=[data.segments.table_arn])
        function.grant("dynamodb:GetItem", "dynamodb:UpdateItem", on=[data.rate_limits.table_arn])
        function.grant("kinesis:PutRecord", on=self._stream_arns())
        # A presigned address lets its bearer do what its signer may.
        function.grant("s3:GetObject", on=[data.clips_arn])
        function.grant(MANAGE_CONNECTIONS, on=[self.websocket.connections_arn])
        function.grant(INVOKE_FUNCTION, on=[self.notification_sender.function.function_arn])
        return function

    def _disconnect_handler(self) -> PythonFunction:
        data = self._data
        function = self._function(
            "DisconnectHandler",
            name="disconnect_handler",
            description="Forgets a closed connection; records a lost speaker in the session's stream",
            size=self._settings.functions.disconnect_handler,
            environment={
                "SESSIONS_TABLE_NAME": data.sessions.table_name,
                "CONNECTIONS_TABLE_NAME": data.connections.table_name,
                "RATE_LIMITS_TABLE_NAME": data.rate_limits.table_name,
                "AUDIO_STREAM_NAMES": self._stream_names(),
                "WEBSOCKET_MANAGEMENT_ENDPOINT": self.websocket.management_endpoint,
            },
        )
        function.grant("dynamodb:GetItem", "dynamodb:UpdateItem", on=[data.sessions.table_arn])
        function.grant("dynamodb:DeleteItem", "dynamodb:PutItem", on=[data.connections.table_arn])
        function.grant("dynamodb:UpdateItem", on=[data.rate_limits.table_arn])
        function.grant("dynamodb:Query", on=[data.session_language_index_arn])
        function.grant("kinesis:PutRecord", on=self._stream_arns())
        function.grant(MANAGE_CONNECTIONS, on=[self.websocket.connections_arn])
        return function

    def _notification_sender(self) -> PythonFunction:
        function = self._function(
            "NotificationSender",
            name="notification_sender",
            description="Tells a chunk of many connections the same",
            size=self._settings.functions.notification_sender,
            environment={"WEBSOCKET_MANAGEMENT_ENDPOINT": self.websocket.management_endpoint},
        )
        function.grant(MANAGE_CONNECTIONS, on=[self.websocket.connections_arn])
        return function

    def _http_session_handler(self) -> PythonFunction:
        data, settings = self._data, self._settings
        function = self._function(
            "HttpSessionHandler",
            name="http_session_handler",
            description="Creates, shows and ends sessions; lists languages",
            size=settings.functions.http_session_handler,
            environment={
                "SESSIONS_TABLE_NAME": data.sessions.table_name,
                "RATE_LIMITS_TABLE_NAME": data.rate_limits.table_name,
                "AUDIO_STREAM_NAMES": self._stream_names(),
                "SESSIONS_PER_CELL": str(settings.cells.sessions_per_cell),
                "SESSIONS_PER_SPEAKER": str(settings.sessions_per_speaker),
                "SESSION_CREATIONS_PER_HOUR": str(settings.session_creations_per_h),
                "SOURCE_LANGUAGES": ",".join(settings.source_languages),
                "TARGET_LANGUAGES": ",".join(settings.target_languages),
                "WEBSOCKET_URL": self.websocket.url,
                "LISTENER_URL": settings.listener_url or self._web.listener_url,
            },
        )
        function.grant("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", on=[data.sessions.table_arn])
        function.grant("dynamodb:GetItem", "dynamodb:UpdateItem", on=[data.rate_limits.table_arn])
        function.grant("kinesis:PutRecord", on=self._stream_arns())
        return function

    def _route_http(self) -> None:
        method, session = apigwv2.HttpMethod, "/sessions/{sessionId}"
        self.http.route(method.POST, "/sessions", for_speakers=True)
        self.http.route(method.DELETE, session, for_speakers=True)
        self.http.route(method.GET, session)
        self.http.route(method.GET, "/languages")

    def _account_log_role(self) -> iam.Role:
        """The role by which API Gateway writes access logs; a setting of the whole account and region, so it stays."""
        role = iam.Role(
            self,
            "ApiGatewayLogRole",
            assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"),
            managed_policies=[
                iam.ManagedPolicy.from_aws_managed_policy_name("service-role/AmazonAPIGatewayPushToCloudWatchLogs")
            ],
        )
        role.apply_removal_policy(RemovalPolicy.RETAIN)
        account = apigateway.CfnAccount(self, "ApiGatewayAccount", cloud_watch_role_arn=role.role_arn)
        account.apply_removal_policy(RemovalPolicy.RETAIN)
        self.websocket.stage.node.add_dependency(account)
        return role

    def _stream_names(self) -> str:
        return ",".join(stream.stream_name for stream in self._data.streams)

    def _stream_arns(self) -> list[str]:
        return [stream.stream_arn for stream in self._data.streams]
