"""Whatever the domain allows survives the store: it is read back as it was written, also beside others' attributes."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import example, given
from hypothesis import strategies as st

from babelcast.adapters.dynamodb import segments, sessions
from babelcast.domain.languages import LANGUAGES, LanguageCode
from babelcast.domain.segment import Rendition, Segment, SourceSegment, Unspoken
from babelcast.domain.session import Cursor, Session, SessionId, SessionState, UserId
from tests.fuzz.campaign import fuzz

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
POSITION = st.integers(0, 2**53 - 1)
CODES = st.sampled_from(sorted(LANGUAGES))
SESSION_ID = SessionId("joyful-hope-911")
OTHERS = st.dictionaries(st.sampled_from(("statusAt", "later", "ttl")), st.none() | st.integers() | TEXT, max_size=2)

SESSIONS = st.builds(
    Session,
    session_id=st.just(SESSION_ID),
    speaker_id=TEXT.map(UserId),
    source_language=CODES,
    target_languages=st.frozensets(CODES, min_size=1, max_size=5),
    created_at_ms=POSITION,
    expires_at_s=POSITION,
    cell=st.integers(0, 200),
    state=st.sampled_from(SessionState),
    volume=st.floats(0, 1),
    join_key_hash=st.none() | TEXT,
    cursor=st.builds(
        Cursor,
        committed_sample=POSITION,
        sequence_number=st.none() | st.integers(0, 2**186).map(str),
        next_segment=POSITION,
        closed=st.booleans(),
    ),
    ended_at_ms=st.none() | POSITION,
    expressive=st.booleans(),
)


@st.composite
def stored_segments(draw: st.DrawFn) -> Segment:
    codes = draw(st.lists(CODES, max_size=3, unique=True))
    return Segment(
        session_id=SESSION_ID,
        source=SourceSegment(
            number=draw(POSITION), text=draw(TEXT), start_sample=draw(POSITION), end_sample=draw(POSITION)
        ),
        spoken_at_ms=draw(POSITION),
        committed_at_ms=draw(POSITION),
        delivered=draw(st.booleans()),
        renditions={
            LanguageCode(code): Rendition(
                language=LanguageCode(code),
                text=draw(TEXT),
                clip_key=draw(st.none() | TEXT),
                duration_s=draw(st.just(0.0) | st.floats(0.01, 600)),
                translated=draw(st.booleans()),
                unspoken=draw(st.none() | st.sampled_from(Unspoken)),
            )
            for code in codes
        },
    )


def stored(item: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    """An item as it comes back, by the way that boto3 sends and reads it."""
    sent = TypeSerializer().serialize({**others, **item})
    found: dict[str, Any] = TypeDeserializer().deserialize(sent)
    return found


@fuzz(cases=500)
@given(SESSIONS, OTHERS)
@example(
    Session(
        session_id=SESSION_ID,
        speaker_id=UserId("u"),
        source_language=LanguageCode("en"),
        target_languages=frozenset({LanguageCode("es")}),
        created_at_ms=0,
        expires_at_s=0,
        volume=1e-200,
    ),
    {},
)
def test_a_session_is_read_as_it_was_written(session: Session, others: dict[str, Any]) -> None:
    found = sessions._session(stored(sessions._item(session), others))
    assert found.volume == pytest.approx(session.volume, abs=1e-6)
    assert {**_values(found), "volume": None} == {**_values(session), "volume": None}


@fuzz(cases=500)
@given(stored_segments(), OTHERS)
def test_a_segment_is_read_as_it_was_written(segment: Segment, others: dict[str, Any]) -> None:
    found = segments._segment(stored(segments.segment_item(segment, expires_at_s=0), others))
    assert {each: one.text for each, one in found.renditions.items()} == {
        each: one.text for each, one in segment.renditions.items()
    }
    for code, rendition in found.renditions.items():
        assert rendition.duration_s == pytest.approx(segment.renditions[code].duration_s, abs=1e-3)
        assert rendition.unspoken is segment.renditions[code].unspoken
    assert {**_values(found), "renditions": None} == {**_values(segment), "renditions": None}


def _values(value: Any) -> dict[str, Any]:
    read: Callable[[str], Any] = value.__getattribute__
    return {name: read(name) for name in value.__slots__}
