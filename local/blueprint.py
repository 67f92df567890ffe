"""From templates to what the local processes are configured with; no process is started here."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar

from local.event_source.configuration import EventSourceConfiguration
from local.event_source.configuration import Mapping as EventSourceMapping
from local.gateway.configuration import (
    Cors,
    GatewayConfiguration,
    GatewayLimits,
    HttpApi,
    HttpRoute,
    JwtAuthorizer,
    RequestAuthorizer,
    WebSocketApi,
    WebSocketRoute,
)
from local.lambda_runtime.configuration import FunctionConfiguration
from local.provision import ACCOUNT_ID
from local.template.api_resources import (
    HttpApiDescription,
    HttpRouteDescription,
    WebSocketApiDescription,
    read_http_apis,
    read_websocket_apis,
)
from local.template.assembly import Assembly, ResourceKey, TemplateError
from local.template.compute_resources import (
    FUNCTION_TYPE,
    FunctionDescription,
    read_event_source_mappings,
    read_function,
)
from local.template.data_resources import DataDescription, UserPoolClientDescription, UserPoolDescription, read_data
from local.template.intrinsics import Physical, Pseudo, Resolver

_DEFAULT_REGION: Final = "us-east-1"
_DISTRIBUTION_TYPE: Final = "AWS::CloudFront::Distribution"
_T = TypeVar("_T")


class Blueprint:
    """A stage as its templates describe it, ready to be built with the physical values of its resources.

    Attributes:
        data: The stores.
        region: The templates' region, or us-east-1 when they are for any.
        function_names: Physical names of the functions that something calls: the first part of the handler
            (`audio_processor`), numbered when several have it.
    """

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly
        self.region = assembly.region or _DEFAULT_REGION
        self.data: DataDescription = read_data(assembly)
        self._websocket = _only(read_websocket_apis(assembly), "WebSocket API")
        self._http = _only(read_http_apis(assembly), "HTTP API")
        self._mappings = read_event_source_mappings(assembly)
        self._functions = self._read_functions()
        self.function_names: Mapping[ResourceKey, str] = _names(self._functions)

    @classmethod
    def load(cls, assembly_directory: Path) -> "Blueprint":
        """Read a cloud assembly.

        Raises:
            TemplateError: It is not one, or lacks an API, or has something that cannot run here.
        """
        return cls(Assembly.load(assembly_directory))

    @property
    def stage(self) -> str:
        """The WebSocket API's stage, by which the whole is known."""
        return self._websocket.stage

    @property
    def user_pool(self) -> UserPoolDescription:
        """The speakers' user pool."""
        return _only(self.data.user_pools, "user pool")

    @property
    def user_pool_client(self) -> UserPoolClientDescription:
        """The speakers' client."""
        return _only(self.data.user_pool_clients, "user pool client")

    def resolver(self, stores: Mapping[ResourceKey, Physical]) -> Resolver:
        """Resolves values with these stores, and the names of functions, APIs and CloudFront distributions."""
        physical = dict(stores)
        for key, name in self.function_names.items():
            physical[key] = Physical(ref=name, attributes={"Arn": self._function_arn(name)})
        for api in (self._websocket, self._http):
            scheme = "wss" if api is self._websocket else "https"
            endpoint = f"{scheme}://{_api_id(api)}.execute-api.{self.region}.amazonaws.com"
            physical[api.key] = Physical(ref=_api_id(api), attributes={"ApiId": _api_id(api), "ApiEndpoint": endpoint})
        for distribution in self._assembly.of_type(_DISTRIBUTION_TYPE):
            # Nothing is served there; it is an address that no other has, as AWS's are.
            domain = f"{distribution.key.logical_id.lower()}.cloudfront.net"
            physical[distribution.key] = Physical(ref=distribution.key.logical_id, attributes={"DomainName": domain})
        return Resolver(self._assembly, physical, Pseudo(region=self.region, account_id=ACCOUNT_ID))

    def functions(
        self,
        resolver: Resolver,
        *,
        replaced: Mapping[str, str],
        added: Mapping[str, str],
        per_function: Mapping[str, Mapping[str, str]],
    ) -> list[FunctionConfiguration]:
        """Every function that something calls.

        Args:
            resolver: Gives the templates' values.
            replaced: Values instead of the template's, for variables that it has.
            added: Variables for every function.
            per_function: Variables by function name; they win.
        """
        return [
            FunctionConfiguration(
                name=name,
                arn=self._function_arn(name),
                handler=function.handler,
                code_directory=str(function.code_directory),
                layer_directories=[str(directory) for directory in function.layer_directories],
                environment={
                    **added,
                    **{
                        variable: replaced[variable] if variable in replaced else resolver.text(key.stack, value)
                        for variable, value in function.environment.items()
                    },
                    **per_function.get(name, {}),
                },
                timeout_seconds=function.timeout_seconds,
                memory_mb=function.memory_mb,
                reserved_concurrency=function.reserved_concurrency,
            )
            for key, name in self.function_names.items()
            for function in (self._functions[key],)
        ]

    def gateway(
        self,
        resolver: Resolver,
        *,
        lambda_url: str,
        jwks_url: str,
        limits: GatewayLimits,
        more_origins: Sequence[str] = (),
    ) -> GatewayConfiguration:
        """Both APIs; `more_origins` may use the HTTP API besides the template's."""
        return GatewayConfiguration(
            region=self.region,
            account_id=ACCOUNT_ID,
            lambda_url=lambda_url,
            jwks_url=jwks_url,
            websocket=self._websocket_api(),
            http=HttpApi(
                api_id=_api_id(self._http),
                stage=self._http.stage,
                routes=[self._http_route(route, resolver) for route in self._http.routes],
                cors=self._cors(resolver, more_origins),
            ),
            limits=limits,
        )

    def event_source(
        self, resolver: Resolver, stores: Mapping[ResourceKey, Physical], *, lambda_url: str, aws_endpoint_url: str
    ) -> EventSourceConfiguration:
        """Every event source mapping."""
        return EventSourceConfiguration(
            region=self.region,
            lambda_url=lambda_url,
            aws_endpoint_url=aws_endpoint_url,
            mappings=[
                EventSourceMapping(
                    name=mapping.key.logical_id,
                    function=self.function_names[mapping.function],
                    function_arn=self._function_arn(self.function_names[mapping.function]),
                    stream_name=stores[mapping.stream].ref,
                    event_source_arn=resolver.text(
                        mapping.key.stack, self._assembly.resource(mapping.key).properties["EventSourceArn"]
                    ),
                    enhanced_fan_out=mapping.enhanced_fan_out,
                    starting_position=mapping.starting_position,
                    batch_size=mapping.batch_size,
                    batching_window_seconds=mapping.batching_window_seconds,
                    parallelization_factor=mapping.parallelization_factor,
                    maximum_retry_attempts=mapping.maximum_retry_attempts,
                    maximum_record_age_seconds=mapping.maximum_record_age_seconds,
                    bisect_on_error=mapping.bisect_on_error,
                    reports_batch_item_failures=mapping.reports_batch_item_failures,
                    failure_queue_url=stores[mapping.failure_queue].ref if mapping.failure_queue else None,
                )
                for mapping in self._mappings
            ],
        )

    def _websocket_api(self) -> WebSocketApi:
        authorizers = [route.authorizer for route in self._websocket.routes if route.authorizer is not None]
        return WebSocketApi(
            api_id=_api_id(self._websocket),
            stage=self._websocket.stage,
            selection_expression=self._websocket.selection_expression,
            routes=[
                WebSocketRoute(
                    route_key=route.route_key, function=self.function_names[route.function], answers=route.answers
                )
                for route in self._websocket.routes
            ],
            authorizer=RequestAuthorizer(
                function=self.function_names[authorizers[0].function],
                identity_sources=list(authorizers[0].identity_sources),
            )
            if authorizers
            else None,
        )

    def _http_route(self, route: HttpRouteDescription, resolver: Resolver) -> HttpRoute:
        authorizer = route.authorizer
        return HttpRoute(
            route_key=route.route_key,
            function=self.function_names[route.function],
            authorizer=JwtAuthorizer(
                issuer=resolver.text(authorizer.stack, authorizer.issuer),
                audience=[resolver.text(authorizer.stack, item) for item in authorizer.audience],
            )
            if authorizer
            else None,
            scopes=list(route.scopes),
        )

    def _cors(self, resolver: Resolver, more_origins: Sequence[str]) -> Cors | None:
        cors = self._http.cors
        if cors is None:
            return None
        return Cors(
            allow_origins=[*(resolver.text(self._http.key.stack, each) for each in cors.allow_origins), *more_origins],
            allow_methods=list(cors.allow_methods),
            allow_headers=list(cors.allow_headers),
            expose_headers=list(cors.expose_headers),
            max_age_seconds=cors.max_age_seconds,
            allow_credentials=cors.allow_credentials,
        )

    def _read_functions(self) -> dict[ResourceKey, FunctionDescription]:
        """Every function that something calls: an API, an event source, or a function that has its name."""
        found: dict[ResourceKey, FunctionDescription] = {}
        waiting = list(self._called_functions())
        while waiting:
            key = waiting.pop(0)
            if key not in found:
                found[key] = read_function(self._assembly, key)
                named = self._assembly.references(key.stack, dict(found[key].environment))
                waiting += [each for each in named if self._assembly.resource(each).type == FUNCTION_TYPE]
        return found

    def _called_functions(self) -> Iterator[ResourceKey]:
        for route in self._websocket.routes:
            yield route.function
            if route.authorizer is not None:
                yield route.authorizer.function
        for http_route in self._http.routes:
            yield http_route.function
        for mapping in self._mappings:
            yield mapping.function

    def _function_arn(self, name: str) -> str:
        return f"arn:aws:lambda:{self.region}:{ACCOUNT_ID}:function:{name}"


def _names(functions: Mapping[ResourceKey, FunctionDescription]) -> dict[ResourceKey, str]:
    packages = {key: function.handler.partition(".")[0] for key, function in functions.items()}
    count = Counter(packages.values())
    numbered: Counter[str] = Counter()
    names = {}
    for key, package in packages.items():
        names[key] = package if count[package] == 1 else f"{package}-{numbered[package]}"
        numbered[package] += 1
    return names


def _api_id(api: WebSocketApiDescription | HttpApiDescription) -> str:
    return api.key.logical_id.lower()[:10]


def _only(items: Sequence[_T], what: str) -> _T:
    if len(items) != 1:
        raise TemplateError(f"the templates have {len(items)} of: {what}; one is needed")
    return items[0]
