"""Which route of an HTTP API a request takes.

Source: API Gateway developer guide, "Routing API requests": full match, then greedy path variable, then `$default`; a
method of its own goes before ANY.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from local.gateway.configuration import HttpRoute

_VARIABLE = re.compile(r"\{([^}+]+)(\+?)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteMatch:
    """The route taken, and the values of its path variables."""

    route: HttpRoute
    path_parameters: Mapping[str, str]


class HttpRoutes:
    """The routes of one API."""

    def __init__(self, routes: Sequence[HttpRoute]) -> None:
        self._default = next((route for route in routes if route.route_key == "$default"), None)
        self._patterns = sorted(
            (
                (_precedence(route.route_key), *_pattern(route.route_key), route)
                for route in routes
                if route != self._default
            ),
            key=lambda entry: entry[0],
        )

    def match(self, method: str, path: str) -> RouteMatch | None:
        """The best route for a request; None is answered with 404."""
        for _, route_method, pattern, route in self._patterns:
            found = pattern.fullmatch(path)
            if found and route_method in (method, "ANY"):
                parameters = {name: unquote(value) for name, value in found.groupdict().items()}
                return RouteMatch(route=route, path_parameters=parameters)
        return RouteMatch(route=self._default, path_parameters={}) if self._default else None


def _pattern(route_key: str) -> tuple[str, re.Pattern[str]]:
    method, _, path = route_key.partition(" ")
    parts = []
    position = 0
    for variable in _VARIABLE.finditer(path):
        parts.append(re.escape(path[position : variable.start()]))
        parts.append(f"(?P<{variable[1]}>{'.+' if variable[2] else '[^/]+'})")
        position = variable.end()
    parts.append(re.escape(path[position:]))
    return method, re.compile("".join(parts))


def _precedence(route_key: str) -> tuple[bool, int, bool]:
    """Fewer and less greedy variables first, then a method of its own."""
    return "+}" in route_key, route_key.count("{"), route_key.startswith("ANY ")
