"""Typed descriptions of the WebSocket API and the HTTP API."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from local.template.assembly import Assembly, Resource, ResourceKey, TemplateError
from local.template.compute_resources import function_of

API_TYPE: Final = "AWS::ApiGatewayV2::Api"
_ROUTE_TYPE: Final = "AWS::ApiGatewayV2::Route"
_ROUTE_RESPONSE_TYPE: Final = "AWS::ApiGatewayV2::RouteResponse"
_INTEGRATION_TYPE: Final = "AWS::ApiGatewayV2::Integration"
_AUTHORIZER_TYPE: Final = "AWS::ApiGatewayV2::Authorizer"
_STAGE_TYPE: Final = "AWS::ApiGatewayV2::Stage"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAuthorizerDescription:
    """A Lambda authorizer; a request that lacks one of the identity sources is refused without asking it."""

    function: ResourceKey
    identity_sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSocketRouteDescription:
    """A route of a WebSocket API; `answers` when the integration's body goes back to the client."""

    route_key: str
    function: ResourceKey
    answers: bool
    authorizer: RequestAuthorizerDescription | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSocketApiDescription:
    """A WebSocket API; the selection expression names the field of a message that selects its route."""

    key: ResourceKey
    stage: str
    selection_expression: str
    routes: tuple[WebSocketRouteDescription, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtAuthorizerDescription:
    """A JWT authorizer; issuer and audience stand in `stack` and may contain intrinsics."""

    stack: str
    issuer: Any
    audience: tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRouteDescription:
    """A route of an HTTP API; `route_key` is `METHOD /path/{parameter}` or `$default`."""

    route_key: str
    function: ResourceKey
    authorizer: JwtAuthorizerDescription | None
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorsDescription:
    """An HTTP API's CORS configuration; origins may contain intrinsics."""

    allow_origins: tuple[Any, ...]
    allow_methods: tuple[str, ...]
    allow_headers: tuple[str, ...]
    expose_headers: tuple[str, ...]
    max_age_seconds: int | None
    allow_credentials: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpApiDescription:
    """An HTTP API."""

    key: ResourceKey
    stage: str
    routes: tuple[HttpRouteDescription, ...]
    cors: CorsDescription | None


def read_websocket_apis(assembly: Assembly) -> tuple[WebSocketApiDescription, ...]:
    """Every WebSocket API of an assembly."""
    return tuple(
        WebSocketApiDescription(
            key=api.key,
            stage=_stage(assembly, api),
            selection_expression=api.properties["RouteSelectionExpression"],
            routes=tuple(_websocket_route(assembly, route) for route in _owned(assembly, api, _ROUTE_TYPE)),
        )
        for api in assembly.of_type(API_TYPE)
        if api.properties["ProtocolType"] == "WEBSOCKET"
    )


def read_http_apis(assembly: Assembly) -> tuple[HttpApiDescription, ...]:
    """Every HTTP API of an assembly."""
    return tuple(
        HttpApiDescription(
            key=api.key,
            stage=_stage(assembly, api),
            routes=tuple(_http_route(assembly, route) for route in _owned(assembly, api, _ROUTE_TYPE)),
            cors=_cors(api.properties.get("CorsConfiguration")),
        )
        for api in assembly.of_type(API_TYPE)
        if api.properties["ProtocolType"] == "HTTP"
    )


def _websocket_route(assembly: Assembly, route: Resource) -> WebSocketRouteDescription:
    properties = route.properties
    responses = (
        response
        for response in assembly.of_type(_ROUTE_RESPONSE_TYPE)
        if route.key in assembly.references(response.key.stack, response.properties["RouteId"])
    )
    return WebSocketRouteDescription(
        route_key=properties["RouteKey"],
        function=_integration_function(assembly, route),
        # API Gateway answers only when both are there.
        answers=any(responses) and properties.get("RouteResponseSelectionExpression") == "$default",
        authorizer=_request_authorizer(assembly, route),
    )


def _http_route(assembly: Assembly, route: Resource) -> HttpRouteDescription:
    return HttpRouteDescription(
        route_key=route.properties["RouteKey"],
        function=_integration_function(assembly, route),
        authorizer=_jwt_authorizer(assembly, route),
        scopes=tuple(route.properties.get("AuthorizationScopes", ())),
    )


def _integration_function(assembly: Assembly, route: Resource) -> ResourceKey:
    integration = assembly.reference(route.key.stack, route.properties["Target"], _INTEGRATION_TYPE)
    if integration.properties["IntegrationType"] != "AWS_PROXY":
        raise TemplateError(f"{integration.key} is not an AWS_PROXY integration")
    return function_of(assembly, integration.key.stack, integration.properties["IntegrationUri"])


def _request_authorizer(assembly: Assembly, route: Resource) -> RequestAuthorizerDescription | None:
    match route.properties.get("AuthorizationType", "NONE"):
        case "NONE":
            return None
        case "CUSTOM":
            authorizer = assembly.reference(route.key.stack, route.properties["AuthorizerId"], _AUTHORIZER_TYPE)
            return RequestAuthorizerDescription(
                function=function_of(assembly, authorizer.key.stack, authorizer.properties["AuthorizerUri"]),
                identity_sources=tuple(authorizer.properties.get("IdentitySource") or ()),
            )
        case other:
            raise TemplateError(f"{route.key} has the authorization type {other}, which does not exist here")


def _jwt_authorizer(assembly: Assembly, route: Resource) -> JwtAuthorizerDescription | None:
    match route.properties.get("AuthorizationType", "NONE"):
        case "NONE":
            return None
        case "JWT":
            authorizer = assembly.reference(route.key.stack, route.properties["AuthorizerId"], _AUTHORIZER_TYPE)
            configuration = authorizer.properties["JwtConfiguration"]
            return JwtAuthorizerDescription(
                stack=authorizer.key.stack,
                issuer=configuration["Issuer"],
                audience=tuple(configuration.get("Audience", ())),
            )
        case other:
            raise TemplateError(f"{route.key} has the authorization type {other}, which does not exist here")


def _cors(configuration: Mapping[str, Any] | None) -> CorsDescription | None:
    if configuration is None:
        return None
    return CorsDescription(
        allow_origins=tuple(configuration.get("AllowOrigins", ())),
        allow_methods=tuple(configuration.get("AllowMethods", ())),
        allow_headers=tuple(configuration.get("AllowHeaders", ())),
        expose_headers=tuple(configuration.get("ExposeHeaders", ())),
        max_age_seconds=configuration.get("MaxAge"),
        allow_credentials=bool(configuration.get("AllowCredentials", False)),
    )


def _owned(assembly: Assembly, api: Resource, resource_type: str) -> list[Resource]:
    return [
        resource
        for resource in assembly.of_type(resource_type)
        if api.key in assembly.references(resource.key.stack, resource.properties["ApiId"])
    ]


def _stage(assembly: Assembly, api: Resource) -> str:
    stages = _owned(assembly, api, _STAGE_TYPE)
    if len(stages) != 1:
        raise TemplateError(f"{api.key} has {len(stages)} stages; one is needed")
    return str(stages[0].properties["StageName"])
