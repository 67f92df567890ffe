"""Sessions: ids that can be read aloud, states that follow commands, and a place in a cell."""

import random
from dataclasses import dataclass, replace
from typing import Any

import pytest
from botocore.session import get_session

from babelcast.domain.errors import (
    AtCapacityError,
    InvalidMessageError,
    LimitReachedError,
    NotAllowedError,
    SessionEndedError,
    SpeakerAtCapacityError,
    StorageUnavailableError,
    UnsupportedLanguageError,
)
from babelcast.domain.languages import LANGUAGES, LanguageOffer
from babelcast.domain.limits import session_creations
from babelcast.domain.session import (
    BroadcastCommand,
    SessionState,
    UserId,
    new_session_id,
    next_state,
    parse_session_id,
)
from babelcast.domain.words import ADJECTIVES, NOUNS
from babelcast.usecases.create_session import CreateSession
from tests.in_memory import InMemoryCapacity, InMemoryRateLimits, InMemorySessions, InMemorySpeakerPlaces


def test_new_ids_are_valid_and_many() -> None:
    rng = random.Random(1)
    ids = {new_session_id(rng) for _ in range(2000)}
    assert all(parse_session_id(each) == each for each in ids)
    assert len(ids) > 1990


def test_there_is_room_against_guessing() -> None:
    assert len(set(ADJECTIVES)) * len(set(NOUNS)) * 900 >= 100_000_000
    drawn = {new_session_id(random.Random(seed)) for seed in range(3000)}
    assert len(drawn) == 3000
    assert len({each.rpartition("-")[2] for each in drawn}) > 800, "of 900 numbers, 868 can be expected"


@pytest.mark.parametrize("words", [ADJECTIVES, NOUNS], ids=["adjectives", "nouns"])
def test_a_slip_of_the_finger_leads_to_no_other_room(words: tuple[str, ...]) -> None:
    assert list(words) == sorted(set(words))
    assert all(word.isascii() and word.isalpha() and word.islower() and 3 <= len(word) <= 12 for word in words)
    # Two words are one letter apart when they are the same without one letter of either.
    without_one = [{(at, word[:at] + word[at + 1 :]) for at in range(len(word))} | {(-1, word)} for word in words]
    seen: dict[tuple[int, str] | str, str] = {}
    for word, shorter in zip(words, without_one, strict=True):
        for at, rest in shorter:
            assert seen.setdefault((at, rest), word) == word, f"{word} and {seen[at, rest]} differ by one letter"
    every = set(words)
    assert not [
        (word, rest) for word in words for at in range(len(word)) if (rest := word[:at] + word[at + 1 :]) in every
    ]


async def test_a_speaker_has_so_many_live_sessions_and_no_more() -> None:
    create = creator(sessions_per_cell=10, sessions_per_speaker=3)
    mine = [await create(UserId("u"), source_language="en", target_languages=None, join_key=None) for _ in range(3)]
    with pytest.raises(SpeakerAtCapacityError):
        await create(UserId("u"), source_language="en", target_languages=None, join_key=None)
    await create(UserId("other"), source_language="en", target_languages=None, join_key=None)
    held = await create.capacity.occupants()
    assert sum(map(len, held)) == 4, "a speaker without a place takes none in a cell"
    await create.sessions.apply(mine[0].session_id, BroadcastCommand.END, now_ms=5)
    await create(UserId("u"), source_language="en", target_languages=None, join_key=None)


async def test_a_full_cell_costs_the_speaker_no_place() -> None:
    create = creator(sessions_per_cell=1, sessions_per_speaker=1)
    for user in ("a", "b"):
        await create(UserId(user), source_language="en", target_languages=None, join_key=None)
    with pytest.raises(AtCapacityError):
        await create(UserId("c"), source_language="en", target_languages=None, join_key=None)
    assert not await create.places.occupants(UserId("c"))


async def test_a_speaker_creates_ten_sessions_at_once_and_thirty_an_hour() -> None:
    create = creator(sessions_per_cell=100, sessions_per_speaker=100)
    for _ in range(10):
        await create(UserId("u"), source_language="en", target_languages=None, join_key=None)
    with pytest.raises(LimitReachedError):
        await create(UserId("u"), source_language="en", target_languages=None, join_key=None)
    await create(UserId("other"), source_language="en", target_languages=None, join_key=None)
    later = replace(create, now_ms=lambda: 1_000_000 + 120_000)
    await later(UserId("u"), source_language="en", target_languages=None, join_key=None)
    with pytest.raises(LimitReachedError):
        await later(UserId("u"), source_language="en", target_languages=None, join_key=None)


@pytest.mark.parametrize("text", ["", "joyful", "Joyful-Hope-911", "joyful-hope-91", "joyful-hope-911 ", "a-b-100"])
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(InvalidMessageError):
        parse_session_id(text)


@pytest.mark.parametrize(
    ("state", "command", "after"),
    [
        ("live", "pause", "paused"),
        ("paused", "pause", "paused"),
        ("paused", "resume", "live"),
        ("live", "mute", "muted"),
        ("muted", "unmute", "live"),
        ("muted", "pause", "paused"),
        ("live", "resume", "live"),
        ("paused", "end", "ended"),
        ("muted", "end", "ended"),
    ],
)
def test_commands_lead_from_state_to_state(state: str, command: str, after: str) -> None:
    assert next_state(SessionState(state), BroadcastCommand(command)) == after


@pytest.mark.parametrize(("state", "command"), [("muted", "resume"), ("paused", "unmute"), ("paused", "mute")])
def test_commands_that_do_not_fit_are_refused(state: str, command: str) -> None:
    with pytest.raises(NotAllowedError):
        next_state(SessionState(state), BroadcastCommand(command))


@pytest.mark.parametrize("command", BroadcastCommand)
def test_nothing_follows_the_end(command: BroadcastCommand) -> None:
    with pytest.raises(SessionEndedError):
        next_state(SessionState.ENDED, command)


def creator(*, sessions_per_cell: int = 1, sessions_per_speaker: int = 25, seed: int = 1) -> CreateSession:
    return CreateSession(
        sessions=InMemorySessions(),
        capacity=InMemoryCapacity(cells=2, sessions_per_cell=sessions_per_cell),
        places=InMemorySpeakerPlaces(sessions_per_speaker=sessions_per_speaker),
        limits=InMemoryRateLimits(),
        creations=session_creations(30),
        offer=LanguageOffer.of(sources=["en"], targets=["en", "es", "fr"]),
        rng=random.Random(seed),
        now_ms=lambda: 1_000_000,
    )


async def test_sessions_spread_over_the_cells_until_all_are_full() -> None:
    create = creator()
    first = await create(UserId("u"), source_language="en", target_languages=None, join_key=None)
    second = await create(UserId("u"), source_language="en", target_languages=["es"], join_key="secret")
    assert {first.cell, second.cell} == {0, 1}
    assert first.target_languages == {"es", "fr"}
    assert second.join_key_hash is not None
    assert "secret" not in second.join_key_hash
    with pytest.raises(AtCapacityError):
        await create(UserId("u"), source_language="en", target_languages=None, join_key=None)
    await create.sessions.apply(first.session_id, BroadcastCommand.END, now_ms=5)
    third = await create(UserId("u"), source_language="en", target_languages=None, join_key=None)
    assert third.cell == first.cell


async def test_voices_are_expressive_unless_the_speaker_refuses() -> None:
    create = creator()
    usual = await create(UserId("u"), source_language="en", target_languages=None, join_key=None)
    plain = await create(UserId("u"), source_language="en", target_languages=None, join_key=None, expressive=False)
    stored = [(await create.sessions.get(each.session_id)).expressive for each in (usual, plain)]
    assert stored == [True, False]


async def test_an_id_that_is_taken_is_not_given_out_twice() -> None:
    create = creator(sessions_per_cell=10)
    first = await create(UserId("u"), source_language="en", target_languages=None, join_key=None)
    create.rng.seed(1)
    second = await create(UserId("u"), source_language="en", target_languages=None, join_key=None)
    assert first.session_id != second.session_id
    held = await create.capacity.occupants()
    assert {each for cell in held for each in cell} == {first.session_id, second.session_id}


@dataclass
class Failing:
    """A store that cannot do so many things, one after the other."""

    store: Any
    failures: int

    def __getattr__(self, name: str) -> Any:
        if self.failures == 0:
            return getattr(self.store, name)
        self.failures -= 1
        return self._fail

    async def _fail(self, *_: object, **__: object) -> None:
        raise StorageUnavailableError("out of order")


@pytest.mark.parametrize("what", ["sessions", "capacity"])
async def test_a_session_that_could_not_be_created_holds_no_place(what: str) -> None:
    create = creator(sessions_per_cell=1, sessions_per_speaker=1)
    failing: dict[str, Any] = {what: Failing(getattr(create, what), 1)}
    create = replace(create, **failing)
    with pytest.raises(StorageUnavailableError):
        await create(UserId("u"), source_language="en", target_languages=None, join_key=None)
    await create(UserId("u"), source_language="en", target_languages=None, join_key=None)
    assert sum(map(len, await create.capacity.occupants())) == 1


async def test_places_that_cannot_be_given_back_do_not_hide_why() -> None:
    create = creator()

    class Full(InMemoryCapacity):
        async def claim(self, *_: object, **__: object) -> int:
            places.failures = 1
            raise AtCapacityError("full")

    places = Failing(create.places, 0)
    create = replace(create, places=places, capacity=Full(cells=0, sessions_per_cell=0))
    with pytest.raises(AtCapacityError):
        await create(UserId("u"), source_language="en", target_languages=None, join_key=None)


async def test_only_languages_on_offer_can_be_chosen() -> None:
    with pytest.raises(UnsupportedLanguageError):
        await creator()(UserId("u"), source_language="es", target_languages=None, join_key=None)
    with pytest.raises(UnsupportedLanguageError):
        await creator()(UserId("u"), source_language="en", target_languages=["de"], join_key=None)


def test_the_table_of_languages_is_whole() -> None:
    assert len(LANGUAGES) >= 40
    assert sum(each.is_spoken for each in LANGUAGES.values()) >= 20
    for code in ("es", "ca", "gl", "pt", "fr", "it"):
        assert LANGUAGES[code].is_spoken  # type: ignore[index]


def _enumeration(service: str, shape: str) -> list[str]:
    model: Any = get_session().get_service_model(service)
    values: list[str] = model.shape_for(shape).enum
    return values


def test_the_table_agrees_with_the_vendors_enumerations() -> None:
    voices, codes = _enumeration("polly", "VoiceId"), _enumeration("polly", "LanguageCode")
    spoken = _enumeration("transcribe", "LanguageCode")
    for each in LANGUAGES.values():
        if each.voice is not None:
            assert each.voice.voice_id in voices
            assert each.voice.language_code in codes
        assert each.transcribe_code is None or each.transcribe_code in spoken


def test_an_offer_of_unknown_or_unspeakable_languages_fails_at_once() -> None:
    with pytest.raises(UnsupportedLanguageError):
        LanguageOffer.of(sources=["en"], targets=["xx"])
    with pytest.raises(UnsupportedLanguageError):
        LanguageOffer.of(sources=["cy"], targets=["en"])
