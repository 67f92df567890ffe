"""Which languages are made: one for each listener at most, and spoken only as many as a session may have."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from babelcast.domain.caller import Caller, Grant
from babelcast.domain.connection import ConnectionId, Role
from babelcast.domain.languages import LanguageCode
from babelcast.domain.session import Session, SessionId, UserId
from babelcast.domain.spoken_languages import spoken_languages
from babelcast.usecases.change_listening import ChangeListening
from babelcast.usecases.lose_connection import LoseConnection
from tests.block_speech import Clock
from tests.in_memory import InMemoryConnections, InMemorySeats, InMemorySessions

VOICED = [LanguageCode(code) for code in ("ar", "ca", "cs", "de", "en", "es", "fr", "it", "ja", "ko")]
TEXT_ONLY = [LanguageCode(code) for code in ("bg", "uk")]
SESSION = SessionId("joyful-hope-911")

WANTED = st.dictionaries(st.sampled_from([*VOICED, *TEXT_ONLY]), st.integers(1, 4))
SPOKEN = st.frozensets(st.sampled_from(VOICED))


@given(WANTED, st.integers(1, 8), SPOKEN)
def test_the_largest_audiences_hear_and_never_more_languages_than_may_be(
    wanted: dict[LanguageCode, int], most: int, before: frozenset[LanguageCode]
) -> None:
    chosen = spoken_languages(wanted, most=most, spoken_before=before)
    could = wanted.keys() & set(VOICED)
    assert len(chosen) == min(most, len(could))
    assert chosen <= could, "a language without a voice takes no place"
    left_out = could - chosen
    assert all(wanted[one] >= wanted[other] for one in chosen for other in left_out)


@given(WANTED, st.integers(1, 8), SPOKEN)
def test_a_language_gives_its_place_up_to_a_larger_audience_only(
    wanted: dict[LanguageCode, int], most: int, before: frozenset[LanguageCode]
) -> None:
    chosen = spoken_languages(wanted, most=most, spoken_before=before)
    for dropped in (before & wanted.keys()) - chosen:
        assert all(wanted[newcomer] > wanted[dropped] for newcomer in chosen - before)
    assert spoken_languages(wanted, most=most, spoken_before=chosen) == chosen


@dataclass
class Hall:
    """A session's listeners and what they do, one second after the other."""

    clock: Clock = field(default_factory=Clock)
    connections: InMemoryConnections = field(default_factory=InMemoryConnections)
    sessions: InMemorySessions = field(default_factory=InMemorySessions)

    def __post_init__(self) -> None:
        self.listening = ChangeListening(sessions=self.sessions, connections=self.connections, now_ms=self.clock.now_ms)
        self.lose = LoseConnection(
            connections=self.connections, seats=InMemorySeats(self.connections), now_ms=self.clock.now_ms
        )

    async def open(self) -> None:
        await self.sessions.create(
            Session(
                session_id=SESSION,
                speaker_id=UserId("speaker"),
                source_language=LanguageCode("en"),
                target_languages=frozenset(VOICED),
                created_at_ms=0,
                expires_at_s=10**9,
            )
        )

    async def join(self, name: str, language: str = "es") -> Caller:
        listener = Caller(
            connection_id=ConnectionId(name),
            connected_at_ms=self.clock.now_ms(),
            grant=Grant(
                session_id=SESSION,
                role=Role.LISTENER,
                cell=0,
                source_language=LanguageCode("en"),
                target_language=LanguageCode(language),
            ),
        )
        await self.connections.add(listener.connection())
        return listener

    async def pause(self, listener: Caller) -> None:
        await self.listening.listening(listener, listening=False)

    async def wanted(self) -> dict[str, int]:
        audience = await self.connections.audience(SESSION)
        return {str(code): count for code, count in audience.wanted_languages(now_ms=self.clock.now_ms()).items()}


@pytest.fixture
async def hall() -> Hall:
    hall = Hall()
    await hall.open()
    return hall


async def test_one_listener_keeps_one_language_awake_whatever_it_chooses(hall: Hall) -> None:
    listener = await hall.join("a=")
    for language in VOICED * 2:
        await hall.listening.language(listener, language)
        await hall.pause(listener)
        assert await hall.wanted() == {language: 1}
        hall.clock.now_s += 1
    await hall.listening.listening(listener, listening=True)
    assert await hall.wanted() == {VOICED[-1]: 1}


async def test_a_paused_listeners_language_is_wanted_for_a_minute(hall: Hall) -> None:
    listener = await hall.join("a=")
    await hall.pause(listener)
    hall.clock.now_s += 59
    assert await hall.wanted() == {"es": 1}
    hall.clock.now_s += 1
    assert await hall.wanted() == {}


@pytest.mark.parametrize(("stayed_s", "kept_s"), [(7, 21), (20, 60), (600, 60)])
async def test_a_language_is_kept_by_how_long_its_lost_listener_was_there(
    hall: Hall, stayed_s: int, kept_s: int
) -> None:
    await hall.join("a=")
    hall.clock.now_s += stayed_s
    await hall.lose(ConnectionId("a="))
    hall.clock.now_s += kept_s - 1
    assert await hall.wanted() == {"es": 1}
    hall.clock.now_s += 1
    assert await hall.wanted() == {}


@pytest.mark.parametrize("stays_s", [0.25, 1, 10])
async def test_one_who_comes_and_goes_keeps_four_languages_awake_at_most(hall: Hall, stays_s: float) -> None:
    awake: list[int] = []
    for number in range(60):
        await hall.join(f"{number}=", VOICED[number % len(VOICED)])
        awake.append(len(await hall.wanted()))
        hall.clock.now_s += stays_s
        await hall.lose(ConnectionId(f"{number}="))
    assert max(awake) == 4


async def test_whoever_is_lost_again_at_once_is_waited_for_as_at_first(hall: Hall) -> None:
    await hall.join("a=")
    hall.clock.now_s += 600
    await hall.lose(ConnectionId("a="))
    hall.clock.now_s += 20
    await hall.join("b=")
    hall.clock.now_s += 1
    await hall.lose(ConnectionId("b="))
    hall.clock.now_s += 38
    assert await hall.wanted() == {"es": 1}
    hall.clock.now_s += 1
    assert await hall.wanted() == {}


@pytest.mark.parametrize(("paused_s", "kept_s"), [(10, 50), (60, 0)])
async def test_a_paused_listener_who_is_lost_is_waited_for_as_long_as_a_paused_one(
    hall: Hall, paused_s: int, kept_s: int
) -> None:
    listener = await hall.join("a=")
    hall.clock.now_s += 600
    await hall.pause(listener)
    hall.clock.now_s += paused_s
    await hall.lose(listener.connection_id)
    if kept_s:
        hall.clock.now_s += kept_s - 1
        assert await hall.wanted() == {"es": 1}
        hall.clock.now_s += 1
    assert await hall.wanted() == {}


async def test_those_who_were_lost_count_as_one_listener(hall: Hall) -> None:
    for name in ("a=", "b="):
        await hall.join(name)
    await hall.join("c=", "fr")
    hall.clock.now_s += 600
    for name in ("a=", "b=", "c="):
        await hall.lose(ConnectionId(name))
    await hall.join("d=", "fr")
    await hall.join("e=", "fr")
    assert await hall.wanted() == {"es": 1, "fr": 2}
