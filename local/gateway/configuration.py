"""What the gateway serves, with names already resolved to physical ones."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayLimits:
    """API Gateway's limits; the times can be shortened to see their effects sooner.

    Attributes:
        frame_bytes, message_bytes: A bigger frame or message ends the connection with 1009.
        idle_seconds: Without a message in either direction for so long, the connection ends with 1001.
        connection_seconds: So long after it was made, the connection ends with 1001.
        connection_age_seconds: Connections count as made so long before they are, so that functions and clients, who
            reckon with the real limit, see the end of their time sooner.
        websocket_integration_seconds, http_integration_seconds: How long a function may take.
        authorizer_result_bytes: A longer answer of the authorizer counts as its failure.
        send_seconds: How long a client may not read what is sent to it before it is cut off. Ours; undocumented.

    Source: apigateway-execution-service-websocket-limits-table; HTTP API quotas.
    """

    frame_bytes: int = 32 * 1024
    message_bytes: int = 128 * 1024
    idle_seconds: float = 600.0
    connection_seconds: float = 7200.0
    connection_age_seconds: float = 0.0
    websocket_integration_seconds: float = 29.0
    http_integration_seconds: float = 30.0
    authorizer_result_bytes: int = 8 * 1024
    send_seconds: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSocketRoute:
    """A route and its function; `answers` when the function's body goes back to the client."""

    route_key: str
    function: str
    answers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAuthorizer:
    """The Lambda authorizer of `$connect`; a missing identity source is 401 without asking it."""

    function: str
    identity_sources: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSocketApi:
    """A WebSocket API with one stage; the selection expression is `$request.body.<field>`."""

    api_id: str
    stage: str
    selection_expression: str
    routes: list[WebSocketRoute]
    authorizer: RequestAuthorizer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtAuthorizer:
    """Who may have issued a token, and for whom."""

    issuer: str
    audience: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRoute:
    """`METHOD /path/{parameter}`, `ANY /path/{rest+}` or `$default`, and its function."""

    route_key: str
    function: str
    authorizer: JwtAuthorizer | None = None
    scopes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cors:
    """An HTTP API's CORS configuration; `*` allows everything."""

    allow_origins: list[str]
    allow_methods: list[str]
    allow_headers: list[str]
    expose_headers: list[str] = field(default_factory=list)
    max_age_seconds: int | None = None
    allow_credentials: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpApi:
    """An HTTP API with one stage."""

    api_id: str
    stage: str
    routes: list[HttpRoute]
    cors: Cors | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayConfiguration:
    """All of it.

    Attributes:
        lambda_url: Lambda's Invoke API.
        jwks_url: Where the keys are that sign tokens, whatever their issuer is called.
    """

    region: str
    account_id: str
    lambda_url: str
    websocket: WebSocketApi
    http: HttpApi
    jwks_url: str = ""
    limits: GatewayLimits = field(default_factory=GatewayLimits)
