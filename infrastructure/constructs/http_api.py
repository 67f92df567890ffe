"""An HTTP API of one function, some of its routes for signed-in speakers only."""

from collections.abc import Sequence

from aws_cdk import Duration, Stack
from aws_cdk import aws_apigatewayv2 as apigwv2
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infrastructure.constructs.access_log import HTTP_FIELDS, access_log


class HttpApi(Construct):
    """The API and its default stage; routes are added by `route`.

    Attributes:
        url: ``https://…``, without a trailing slash.
        api_id: Names its metrics.
        open_routes: The routes that ask for no token.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: lambda_.IFunction,
        token_issuer: str,
        token_audience: str,
        allowed_origins: Sequence[str],
        requests_per_s: int,
        burst: int,
        access_log_retention: logs.RetentionDays,
    ) -> None:
        super().__init__(scope, construct_id)
        self._api = apigwv2.HttpApi(
            self,
            "Api",
            api_name=f"{Stack.of(self).stack_name}-{construct_id}",
            create_default_stage=False,
            cors_preflight=apigwv2.CorsPreflightOptions(
                allow_origins=list(allowed_origins),
                allow_methods=[apigwv2.CorsHttpMethod.GET, apigwv2.CorsHttpMethod.POST, apigwv2.CorsHttpMethod.DELETE],
                allow_headers=["authorization", "content-type", "join-key"],
                max_age=Duration.hours(1),
            ),
        )
        apigwv2.CfnStage(
            self,
            "Stage",
            api_id=self._api.api_id,
            stage_name="$default",
            auto_deploy=True,
            default_route_settings=apigwv2.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=requests_per_s, throttling_burst_limit=burst
            ),
            access_log_settings=access_log(self, fields=HTTP_FIELDS, retention=access_log_retention),
        )
        self._integration = integrations.HttpLambdaIntegration("Integration", function, scope_permission_to_route=False)
        self._authorizer = authorizers.HttpJwtAuthorizer("Authorizer", token_issuer, jwt_audience=[token_audience])
        self.url = self._api.api_endpoint
        self.api_id = self._api.api_id
        self.open_routes: list[apigwv2.HttpRoute] = []

    def route(self, method: apigwv2.HttpMethod, path: str, *, for_speakers: bool = False) -> None:
        """Send a route's requests to the function; API Gateway checks speakers' tokens before."""
        routes = self._api.add_routes(
            path=path,
            methods=[method],
            integration=self._integration,
            authorizer=self._authorizer if for_speakers else None,
        )
        if not for_speakers:
            self.open_routes.extend(routes)
