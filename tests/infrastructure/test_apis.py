import ast
import inspect
from types import ModuleType

from babelcast.protocol.messages import CLIENT_MESSAGES
from connection_handler import handler as connection_handler
from http_session_handler import handler as http_session_handler
from tests.infrastructure.templates import Resource, SynthesizedStage

NOT_MESSAGES = {"$connect", "$disconnect", "$default"}
"""Routes that API Gateway itself chooses."""

HTTP_ROUTES = {
    "POST /sessions": "JWT",
    "DELETE /sessions/{sessionId}": "JWT",
    "GET /sessions/{sessionId}": "NONE",
    "GET /languages": "NONE",
}
"""How each is authorized."""

LAST_RESORT = "DELETE /sessions/{sessionId}"
"""What the HTTP handler takes a route for that is none of those it asks for."""


def _routes(stage: SynthesizedStage, api: str) -> dict[str, Resource]:
    return {
        route.properties["RouteKey"]: route
        for route in stage.of_type("ApiGatewayV2::Route")
        if route.properties["ApiId"] == f"<{api}>"
    }


def _handler(stage: SynthesizedStage, route: Resource) -> str:
    """The directory of the function behind a route."""
    (integration,) = [
        each
        for each in stage.of_type("ApiGatewayV2::Integration")
        if route.properties["Target"] == f"integrations/{each.reference}"
    ]
    assert integration.properties["IntegrationType"] == "AWS_PROXY"
    return _function_in(stage, integration.properties["IntegrationUri"])


def _function_in(stage: SynthesizedStage, uri: str) -> str:
    (name,) = [name for name, function in stage.functions().items() if f"<{function.name}.Arn>" in uri]
    return name


def _routes_asked_for(handler: ModuleType) -> set[str]:
    """What a handler's source compares the request's route with."""
    return {
        constant.value
        for node in ast.walk(ast.parse(inspect.getsource(handler)))
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Name) and node.left.id == "route"
        for constant in node.comparators
        if isinstance(constant, ast.Constant) and isinstance(constant.value, str)
    }


def test_every_action_of_the_protocol_has_its_route(stage: SynthesizedStage) -> None:
    (api,) = [each for each in stage.of_type("ApiGatewayV2::Api") if each.properties["ProtocolType"] == "WEBSOCKET"]
    routes = _routes(stage, api.name)

    assert api.properties["RouteSelectionExpression"] == "$request.body.action"
    assert routes.keys() == CLIENT_MESSAGES.keys() | NOT_MESSAGES
    assert _handler(stage, routes.pop("$disconnect")) == "disconnect_handler"
    assert {_handler(stage, route) for route in routes.values()} == {"connection_handler"}


def test_each_function_has_one_integration(stage: SynthesizedStage) -> None:
    uris = [each.properties["IntegrationUri"] for each in stage.of_type("ApiGatewayV2::Integration")]

    assert len(uris) == len(set(uris)) == 3


def test_connecting_and_nothing_else_asks_the_authorizer(stage: SynthesizedStage) -> None:
    (authorizer,) = [
        each for each in stage.of_type("ApiGatewayV2::Authorizer") if each.properties["AuthorizerType"] == "REQUEST"
    ]
    routes = _routes(stage, "WebSocketApi")
    connect = routes.pop("$connect").properties

    assert (connect["AuthorizationType"], connect["AuthorizerId"]) == ("CUSTOM", authorizer.reference)
    assert {route.properties["AuthorizationType"] for route in routes.values()} == {"NONE"}
    assert _function_in(stage, authorizer.properties["AuthorizerUri"]) == "authorizer"


def test_listeners_without_a_token_reach_the_authorizer(stage: SynthesizedStage) -> None:
    (authorizer,) = [
        each for each in stage.of_type("ApiGatewayV2::Authorizer") if each.properties["AuthorizerType"] == "REQUEST"
    ]

    assert not authorizer.properties.get("IdentitySource")


def test_the_routes_that_send_an_answer_back_are_those_that_the_handler_answers(stage: SynthesizedStage) -> None:
    routes = _routes(stage, "WebSocketApi")
    expected = connection_handler._ANSWERED_ROUTES
    responses = stage.of_type("ApiGatewayV2::RouteResponse")

    selected = {key for key, route in routes.items() if "RouteResponseSelectionExpression" in route.properties}
    assert selected == expected
    assert {routes[key].properties["RouteResponseSelectionExpression"] for key in expected} == {"$default"}
    assert {each.properties["RouteId"] for each in responses} == {routes[key].reference for key in expected}
    assert {each.properties["RouteResponseKey"] for each in responses} == {"$default"}


def test_stages_deploy_themselves(dev: SynthesizedStage, prod: SynthesizedStage) -> None:
    for name, stage in (("dev", dev), ("prod", prod)):
        stages = stage.of_type("ApiGatewayV2::Stage")
        assert {each.properties["StageName"] for each in stages} == {name, "$default"}
        assert {each.properties["AutoDeploy"] for each in stages} == {True}


def test_both_apis_let_through_so_much_and_no_more(stage: SynthesizedStage) -> None:
    limits = [each.properties["DefaultRouteSettings"] for each in stage.of_type("ApiGatewayV2::Stage")]
    assert len(limits) == 2
    for each in limits:
        # What an account has in every region; a stage cannot have more.
        assert 0 < each["ThrottlingRateLimit"] <= 2_500
        assert 0 < each["ThrottlingBurstLimit"] <= 1_250


def test_access_logs_hold_nothing_that_a_caller_sent(prod: SynthesizedStage) -> None:
    formats = [each.properties["AccessLogSettings"]["Format"] for each in prod.of_type("ApiGatewayV2::Stage")]

    assert len(formats) == 2
    for forbidden in ("querystring", "header", "path", "body", "sourceIp", "userAgent"):
        assert not any(forbidden in each for each in formats)


def test_the_http_api_has_its_routes_and_asks_speakers_for_a_token(stage: SynthesizedStage) -> None:
    routes = _routes(stage, "HttpApi")
    (authorizer,) = [
        each for each in stage.of_type("ApiGatewayV2::Authorizer") if each.properties["AuthorizerType"] == "JWT"
    ]

    assert {key: route.properties["AuthorizationType"] for key, route in routes.items()} == HTTP_ROUTES
    assert routes.keys() == _routes_asked_for(http_session_handler) | {LAST_RESORT}
    for route in routes.values():
        assert _handler(stage, route) == "http_session_handler"
        if route.properties["AuthorizationType"] == "JWT":
            assert route.properties["AuthorizerId"] == authorizer.reference
    assert authorizer.properties["JwtConfiguration"] == {
        "Issuer": "<Speakers.ProviderURL>",
        "Audience": ["<SpeakersWebClient>"],
    }


def test_the_http_api_speaks_format_2_and_to_browsers(stage: SynthesizedStage) -> None:
    api = stage.one("ApiGatewayV2::Api", "HttpApi").properties
    (integration,) = [
        each for each in stage.of_type("ApiGatewayV2::Integration") if each.properties["ApiId"] == "<HttpApi>"
    ]

    assert integration.properties["PayloadFormatVersion"] == "2.0"
    assert set(api["CorsConfiguration"]["AllowMethods"]) == {"GET", "POST", "DELETE"}
    assert set(api["CorsConfiguration"]["AllowHeaders"]) == {"authorization", "content-type", "join-key"}


def test_only_this_api_may_call_its_functions(stage: SynthesizedStage) -> None:
    permissions = {
        _function_in(stage, each.properties["FunctionName"]): each.properties["SourceArn"]
        for each in stage.of_type("Lambda::Permission")
    }
    arn = "arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:"

    assert permissions == {
        "authorizer": f"{arn}<WebSocketApi>/authorizers/<WebSocketAuthorizer>",
        "connection_handler": f"{arn}<WebSocketApi>/*",
        "disconnect_handler": f"{arn}<WebSocketApi>/*",
        "http_session_handler": f"{arn}<HttpApi>/*/*/*",
    }
