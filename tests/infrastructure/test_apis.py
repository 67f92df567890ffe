from tests.infrastructure.templates import Resource, SynthesizedStage

CONNECTION_ROUTES = {
    "$connect", "$default", "joinSession", "audioChunk", "pauseBroadcast", "resumeBroadcast", "muteBroadcast",
    "unmuteBroadcast", "setVolume", "endSession", "getSessionStatus", "heartbeat", "changeLanguage", "pausePlayback",
    "resumePlayback", "resume", "playbackReport",
}  # fmt: skip
HTTP_ROUTES = {
    "POST /sessions": "JWT",
    "DELETE /sessions/{sessionId}": "JWT",
    "GET /sessions/{sessionId}": "NONE",
    "GET /languages": "NONE",
}


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


def test_every_action_of_the_protocol_has_its_route(stage: SynthesizedStage) -> None:
    (api,) = [each for each in stage.of_type("ApiGatewayV2::Api") if each.properties["ProtocolType"] == "WEBSOCKET"]
    routes = _routes(stage, api.name)

    assert api.properties["RouteSelectionExpression"] == "$request.body.action"
    assert {key: _handler(stage, route) for key, route in routes.items()} == {
        **dict.fromkeys(CONNECTION_ROUTES, "connection_handler"),
        "$disconnect": "disconnect_handler",
    }


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


def test_only_chunks_and_unknown_actions_are_answered_by_the_route(stage: SynthesizedStage) -> None:
    routes = _routes(stage, "WebSocketApi")
    expected = {"audioChunk", "$default"}
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
        assert 0 < each["ThrottlingRateLimit"] <= each["ThrottlingBurstLimit"] <= 5_000


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
    assert set(api["CorsConfiguration"]["AllowHeaders"]) == {"authorization", "content-type"}


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
