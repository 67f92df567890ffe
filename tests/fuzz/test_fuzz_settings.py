"""A function's environment is read as it is meant, or it is said what to set."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from babelcast.domain.errors import ConfigurationError
from babelcast.settings import SETTINGS_BY_FUNCTION, environment_keys, read_settings
from tests.fuzz.campaign import fuzz

ODD = st.sampled_from(("", "0", "-1", "1", "1.5", "1e3", "٣", "²", "9" * 5_000, "a,,b", ",", " ", "a, b", "\n", "\0"))


@st.composite
def environments(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    """A function with an environment in which some variables are missing or odd."""
    function = draw(st.sampled_from(sorted(SETTINGS_BY_FUNCTION)))
    required, optional = environment_keys(SETTINGS_BY_FUNCTION[function])
    names = sorted(required | optional)
    environment = dict.fromkeys(names, "7")
    for name in draw(st.lists(st.sampled_from(names), max_size=4)):
        environment[name] = draw(ODD | st.text(max_size=10))
    for name in draw(st.lists(st.sampled_from(names), max_size=2)):
        environment.pop(name, None)
    return function, environment


@fuzz(cases=500)
@given(environments())
@example(("audio_processor", {"CELL_COUNT": "9" * 5_000}))
def test_an_environment_is_read_or_it_is_said_what_to_set(each: tuple[str, dict[str, str]]) -> None:
    function, environment = each
    required, optional = environment_keys(SETTINGS_BY_FUNCTION[function])
    try:
        settings = read_settings(SETTINGS_BY_FUNCTION[function], environment)
    except ConfigurationError as error:
        named = set(re.findall(r"[A-Z][A-Z0-9_]+", error.message)) & (required | optional)
        assert named
        assert {name for name in required if not environment.get(name)} <= named
    else:
        assert all(environment.get(name) for name in required)
        assert settings.stage == environment["STAGE"]
