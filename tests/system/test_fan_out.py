"""A listener who cannot be reached costs the others nothing."""

import asyncio
import json

import aiohttp
import pytest

from local.engines.tone_alphabet import WORDS, tone_speech
from local.fault_injection import FaultInjector
from tests.system.conftest import Heard, System

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

SENTENCES = [WORDS[number : number + 5] for number in range(0, 40, 5)]
WORDS_SAID = [word for sentence in SENTENCES for word in sentence]

HANGS_S = 12.0
GIVEN_UP_AFTER_MS = 1_000
"""Whoever waited for a hanging connection would wait for so long."""


async def test_a_hanging_listener_costs_the_others_nothing_and_misses_nothing(system: System) -> None:
    session_id = await system.create_session("es", "fr")
    async with aiohttp.ClientSession() as http, FaultInjector(system.stack) as faults:
        listeners = [system.listener(http, session_id, language) for language in ("es", "es", "fr")]
        await asyncio.gather(*(each.__aenter__() for each in listeners))
        try:
            async with system.speaker(session_id) as speaker:
                await faults.hang_connections(HANGS_S, sessionId=session_id, targetLanguage="fr")
                await speaker.speak(tone_speech(SENTENCES))
                await speaker.end_session()
            async with asyncio.timeout(60):
                await asyncio.gather(*(each.wait_ended() for each in listeners))
            *others, hanging = [Heard(each.record()) for each in listeners]
        finally:
            await asyncio.gather(*(each.__aexit__() for each in listeners))

    for each in others:
        assert each.words == WORDS_SAID
        assert each.record.redelivered == 0
    assert hanging.words == WORDS_SAID, "it asks for what it has missed, once it can be reached"

    _, *later_ms = _telling_ms(system, session_id)
    assert later_ms, "several segments did not reach it; with the first one nobody may have known yet that it hangs"
    assert max(later_ms) < GIVEN_UP_AFTER_MS


def _telling_ms(system: System, session_id: str) -> list[int]:
    """How long it took to tell each segment, of those that did not reach everybody."""
    lines = [
        json.loads(line)
        for path in (system.stack.logs_dir / "functions").glob("audio_processor*.log")
        for line in path.read_text().splitlines()
        if session_id in line and line.startswith("{")
    ]
    committed = {line["segment"]: line["delay_ms"] for line in lines if line["message"] == "segment committed"}
    told: dict[int, int] = {}
    for line in lines:
        if line["message"] == "segment told" and line["unreached"]:
            told.setdefault(line["segment"], line["delay_ms"] - committed[line["segment"]])
    return [told[segment] for segment in sorted(told)]
