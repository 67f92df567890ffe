"""Valid JSON with something wrong in one place, and texts that are no JSON at all."""

import json
from collections.abc import Mapping
from typing import Any, Final

from hypothesis import strategies as st

DEEP: Final = "deep-nesting-stands-here"
_DEPTHS: Final = (1, 60, 1_500, 20_000)

ODD_NUMBERS: Final[tuple[int | float, ...]] = (
    -(10**400), -(2**63) - 1, -(2**31), -1, 0, 1, 2**31, 2**32 - 1, 2**32, 2**53 - 1, 2**53, 2**63, 2**64, 10**400,
    -0.0, 5e-324, 1e-200, 1e-130, 0.1 + 0.2, 1.0, 1.0000000000000002, 1e16, 1e300,
    float("nan"), float("inf"), float("-inf"),
)  # fmt: skip

ODD_TEXTS: Final = (
    "", " ", "\0", "a\0b", "\ud800", "\udfff\ud800", "\U0010ffff", "\u202edrawkcab", "ﬁ", "e\u0301", "null", "NaN",
    "-1", "' OR 1=1 --", "../../etc/passwd", "{{7*7}}", "${jndi:ldap://x}", "%00", "%s%n", "joyful-hope-911\n",
    "x" * 300, "é" * 3_000, "\U000e0001" * 2_000, "A" * 40_000,
)  # fmt: skip


def odd_values() -> st.SearchStrategy[Any]:
    """Anything JSON can say that is seldom meant; NaN and infinities, which it cannot, besides."""
    plain: st.SearchStrategy[Any] = st.one_of(
        st.none(), st.booleans(), st.sampled_from(ODD_NUMBERS), st.sampled_from(ODD_TEXTS), st.just(DEEP),
        st.integers(), st.floats(), st.text(max_size=20),
    )  # fmt: skip
    return st.one_of(
        plain,
        st.lists(plain, max_size=3),
        st.dictionaries(st.text(max_size=5), plain, max_size=2),
        st.just([0] * 500),
    )


@st.composite
def mutated_json(draw: st.DrawFn, valid: st.SearchStrategy[Mapping[str, Any]]) -> str:
    """A valid object's text after one mutation; DEEP values stand for nesting of any depth."""
    value = dict(draw(valid))
    kind = draw(st.sampled_from(("replace", "replace", "replace", "drop", "add", "swap", "inner", "text")))
    names = sorted(value)
    if kind == "replace" and names:
        value[draw(st.sampled_from(names))] = draw(odd_values())
    elif kind == "drop" and names:
        del value[draw(st.sampled_from(names))]
    elif kind == "add":
        value[draw(st.sampled_from(("extra", "", "__proto__", "action ", "\0", "type")))] = draw(odd_values())
    elif kind == "swap" and len(names) > 1:
        one, other = draw(st.sampled_from(names)), draw(st.sampled_from(names))
        value[one], value[other] = value[other], value[one]
    elif kind == "inner":
        _mutate_inside(draw, value)
    text = json.dumps(value, ensure_ascii=draw(st.booleans()))
    if kind == "text":
        text = _mutated_text(draw, text, names)
    depth = draw(st.sampled_from(_DEPTHS)) if DEEP in text else 0
    opening, closing = draw(st.sampled_from((("[", "]"), ('{"a":', "}"), ("[", "")))) if depth else ("", "")
    return text.replace(f'"{DEEP}"', opening * depth + "1" + closing * depth)


def _mutate_inside(draw: st.DrawFn, value: dict[str, Any]) -> None:
    """Something wrong in an object of a list."""
    inner = [each for item in value.values() if isinstance(item, list) for each in item if isinstance(each, dict)]
    if inner:
        found = draw(st.sampled_from(inner))
        found[draw(st.sampled_from(sorted(found)))] = draw(odd_values())


def _mutated_text(draw: st.DrawFn, text: str, names: list[str]) -> str:
    kind = draw(st.sampled_from(("cut", "twice", "insert", "wrap", "other", "around")))
    if kind == "cut":
        return text[: draw(st.integers(0, len(text)))]
    if kind == "twice" and names:
        again = json.dumps({draw(st.sampled_from(names)): draw(odd_values())})
        return text[:-1] + ", " + again[1:]
    if kind == "insert":
        place = draw(st.integers(0, len(text)))
        return text[:place] + draw(st.text(min_size=1, max_size=3)) + text[place:]
    if kind == "wrap":
        return f"[{text}]"
    if kind == "other":
        return draw(st.text(max_size=200))
    return draw(st.sampled_from((text + text, f"\ufeff{text}", f" \n{text}\t", f"{text}\0")))
