"""A WebSocket API: routes chosen by a message's ``action``, each answered by a function."""

from aws_cdk import Aws, Stack
from aws_cdk import aws_apigatewayv2 as apigwv2
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infrastructure.constructs.access_log import WEBSOCKET_FIELDS, access_log

_CONNECT = "$connect"
_INTEGRATION_TIMEOUT_MS = 29_000


def _invocation_uri(function: lambda_.IFunction) -> str:
    """The address by which API Gateway calls a function."""
    return (
        f"arn:{Aws.PARTITION}:apigateway:{Aws.REGION}:lambda:path/2015-03-31/functions/"
        f"{function.function_arn}/invocations"
    )


class WebSocketApi(Construct):
    """The API and its one stage. Each function has one integration, however many routes lead to it.

    Attributes:
        url: ``wss://…/stage``, without a query.
        management_endpoint: ``https://…/stage``, to which answers and notices are posted.
        api_id: Part of the addresses.
        connections_arn: All connections of the stage, for ``execute-api:ManageConnections``.
        message_routes: Every route but ``$connect``; whoever uses them has passed its authorizer.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage_name: str,
        messages_per_s: int,
        burst: int,
        access_log_retention: logs.RetentionDays | None,
    ) -> None:
        """Make the API without routes.

        Args:
            scope: The stack.
            construct_id: PascalCase noun.
            stage_name: Last part of the API's addresses.
            messages_per_s: Of all connections together, on average.
            burst: At once.
            access_log_retention: None writes no access log. A log needs the account's API Gateway log role.
        """
        super().__init__(scope, construct_id)
        api = apigwv2.CfnApi(
            self,
            "Api",
            name=f"{Stack.of(self).stack_name}-{construct_id}",
            protocol_type="WEBSOCKET",
            route_selection_expression="$request.body.action",
        )
        self.api_id = api.ref
        self.stage = apigwv2.CfnStage(
            self,
            "Stage",
            api_id=self.api_id,
            stage_name=stage_name,
            auto_deploy=True,
            default_route_settings=apigwv2.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=messages_per_s, throttling_burst_limit=burst
            ),
            access_log_settings=access_log(self, fields=WEBSOCKET_FIELDS, retention=access_log_retention)
            if access_log_retention
            else None,
        )
        address = f"{self.api_id}.execute-api.{Aws.REGION}.{Aws.URL_SUFFIX}/{stage_name}"
        self.url = f"wss://{address}"
        self.management_endpoint = f"https://{address}"
        self.connections_arn = self._arn(f"{stage_name}/*/@connections/*")
        self.message_routes: list[apigwv2.CfnRoute] = []
        self._integrations: dict[str, apigwv2.CfnIntegration] = {}

    def connect(self, function: lambda_.IFunction, *, authorizer: lambda_.IFunction) -> None:
        """Let a function accept connections that the authorizer allows.

        The authorizer has no identity source: with one, API Gateway answers 401 by itself when it is absent, and
        listeners bring no token.
        """
        resource = apigwv2.CfnAuthorizer(
            self,
            "Authorizer",
            api_id=self.api_id,
            authorizer_type="REQUEST",
            name="Authorizer",
            authorizer_uri=_invocation_uri(authorizer),
        )
        self._allow_invocation("AuthorizerInvocation", authorizer, f"authorizers/{resource.ref}")
        self._add_route(_CONNECT, function, authorizer_id=resource.ref)

    def route(self, route_key: str, function: lambda_.IFunction, *, answers: bool = False) -> None:
        """Send a route's messages to a function.

        Args:
            route_key: An action, ``$disconnect`` or ``$default``.
            function: Receives them.
            answers: The body that the function returns goes back over the connection; otherwise it is dropped.
        """
        route = self._add_route(route_key, function, answers=answers)
        self.message_routes.append(route)
        if answers:
            apigwv2.CfnRouteResponse(
                self,
                f"{_construct_name(route_key)}RouteResponse",
                api_id=self.api_id,
                route_id=route.ref,
                route_response_key="$default",
            )

    def _add_route(
        self, route_key: str, function: lambda_.IFunction, *, answers: bool = False, authorizer_id: str | None = None
    ) -> apigwv2.CfnRoute:
        return apigwv2.CfnRoute(
            self,
            f"{_construct_name(route_key)}Route",
            api_id=self.api_id,
            route_key=route_key,
            authorization_type="CUSTOM" if authorizer_id else "NONE",
            authorizer_id=authorizer_id,
            target=f"integrations/{self._integration(function).ref}",
            route_response_selection_expression="$default" if answers else None,
        )

    def _integration(self, function: lambda_.IFunction) -> apigwv2.CfnIntegration:
        key = function.node.path
        if key not in self._integrations:
            name = f"Integration{len(self._integrations)}"
            self._integrations[key] = apigwv2.CfnIntegration(
                self,
                name,
                api_id=self.api_id,
                integration_type="AWS_PROXY",
                integration_uri=_invocation_uri(function),
                timeout_in_millis=_INTEGRATION_TIMEOUT_MS,
            )
            self._allow_invocation(f"{name}Invocation", function, "*")
        return self._integrations[key]

    def _allow_invocation(self, construct_id: str, function: lambda_.IFunction, caller: str) -> None:
        lambda_.CfnPermission(
            self,
            construct_id,
            action="lambda:InvokeFunction",
            function_name=function.function_arn,
            principal="apigateway.amazonaws.com",
            source_arn=self._arn(caller),
        )

    def _arn(self, resource_name: str) -> str:
        return Stack.of(self).format_arn(service="execute-api", resource=self.api_id, resource_name=resource_name)


def _construct_name(route_key: str) -> str:
    """The PascalCase of a route key: ``$connect`` and ``audioChunk`` become ``Connect`` and ``AudioChunk``."""
    name = route_key.removeprefix("$")
    return name[:1].upper() + name[1:]
