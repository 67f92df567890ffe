"""How long the local services take: seeded, each step its own, and results of Transcribe late but in order.

Time is virtual: a loop that has nothing to do but wait moves its clock on instead, so times are exact and cost nothing.
"""

import asyncio
import json
import selectors
import statistics
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

import pytest
from amazon_transcribe.eventstream import EventStreamBuffer, EventStreamMessageSerializer
from typer.core import TyperGroup
from typer.main import get_command

from local import cli
from local.engines.in_process import InProcessRecogniser
from local.engines.speech import FinalResult, PartialResult, Stability
from local.engines.tone_alphabet import WORDS, tone_speech
from local.engines.tones import ToneDecoder
from local.event_source.configuration import Mapping, MappingOverrides
from local.services.__main__ import _parser
from local.services.behaviour import (
    Behaviour,
    Fault,
    FaultKind,
    Service,
    ServiceClock,
    ServiceTime,
    ServiceTimes,
    Step,
)
from local.services.profiles import Profile
from local.services.transcription import StreamRequest, TranscribeLimits, Transcription

_T = TypeVar("_T")
SENTENCES = [WORDS[:6], WORDS[10:13], WORDS[20:25]]
CHUNK_BYTES = 8_000
CHUNK_SECONDS = 0.25
PARTIAL = PartialResult(number=0, start=0, end=1, items=())
FINAL = FinalResult(number=0, start=0, end=1, items=())


class _VirtualSelector(selectors.SelectSelector):
    """Nothing is waited for: the time is over at once, and its end is noted."""

    now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout:
            self.now_s += timeout
        return ready


class _VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._virtual = _VirtualSelector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.now_s


def run(work: Coroutine[Any, Any, _T]) -> _T:
    with asyncio.Runner(loop_factory=_VirtualLoop) as runner:
        return runner.run(work)


def behaviour(seed: int = 1, **medians_ms: float) -> Behaviour:
    return Behaviour({Step(step): ServiceTime(median_ms=each) for step, each in medians_ms.items()}, seed=seed)


async def transcribed(service: Behaviour) -> tuple[float, list[tuple[float, dict[str, Any]]]]:
    """When a stream of real-time speech was open, and when each of its results came."""
    clock = asyncio.get_running_loop()
    stream = await Transcription.open(
        StreamRequest(language="en-US", stability=Stability.HIGH, session_id="s"),
        InProcessRecogniser(ToneDecoder, frozenset({"en-US"})),
        service,
        TranscribeLimits(),
    )
    opened_at = clock.time()

    async def speak() -> None:
        pcm = tone_speech(SENTENCES)
        for start in range(0, len(pcm), CHUNK_BYTES):
            await asyncio.sleep(CHUNK_SECONDS)
            stream.receive(_audio_event(pcm[start : start + CHUNK_BYTES]))
        stream.receive(_audio_event(b""))

    speaking = asyncio.create_task(speak())
    results = [(clock.time() - opened_at, result) async for event in stream.events() for result in _results(event)]
    await speaking
    return opened_at, results


def _audio_event(pcm: bytes) -> bytes:
    serializer = EventStreamMessageSerializer()
    inner = serializer.serialize({":message-type": "event", ":event-type": "AudioEvent"}, pcm)
    return bytes(serializer.serialize({":chunk-signature": b"0"}, bytes(inner)))


def _results(event: bytes) -> Iterator[dict[str, Any]]:
    buffer = EventStreamBuffer()
    buffer.add_data(event)
    for message in buffer:
        yield from json.loads(message.payload)["Transcript"]["Results"]


def contents(results: list[tuple[float, dict[str, Any]]]) -> list[tuple[str, bool, str]]:
    """Results without their times and their stream's own prefix."""
    return [
        (each["ResultId"].rpartition("-")[2], each["IsPartial"], each["Alternatives"][0]["Transcript"])
        for _, each in results
    ]


def times(results: list[tuple[float, dict[str, Any]]], *, partial: bool) -> list[float]:
    return [at for at, each in results if each["IsPartial"] is partial]


def draws(service: Behaviour, count: int) -> list[float]:
    return [service.result_delay_s(FINAL) for _ in range(count)]


def test_the_same_seed_draws_the_same_times() -> None:
    spread: ServiceTimes = {Step.TRANSCRIBE_FINAL: ServiceTime(median_ms=800, sigma=0.3)}
    assert draws(Behaviour(spread, seed=7), 20) == draws(Behaviour(spread, seed=7), 20)
    assert draws(Behaviour(spread, seed=7), 20) != draws(Behaviour(spread, seed=8), 20)


def test_steps_draw_independently_of_each_other() -> None:
    alone, mixed = Behaviour(Profile.AWS.times), Behaviour(Profile.AWS.times)
    interleaved = []
    for _ in range(10):
        mixed.result_delay_s(PARTIAL)
        interleaved.append(mixed.result_delay_s(FINAL))
    assert interleaved == draws(alone, 10)


def test_times_are_spread_around_the_median() -> None:
    drawn = draws(Behaviour({Step.TRANSCRIBE_FINAL: ServiceTime(median_ms=800, sigma=0.3)}), 4000)
    percentiles = statistics.quantiles(drawn, n=100)
    assert percentiles[49] == pytest.approx(0.8, rel=0.05)
    assert percentiles[94] == pytest.approx(0.8 * 1.64, rel=0.05)


def test_without_times_everything_happens_at_once() -> None:
    service = Behaviour(Profile.NONE.times)
    assert service.result_delay_s(FINAL) == service.result_delay_s(PARTIAL) == 0
    opened_at, results = run(transcribed(service))
    assert opened_at == 0
    assert [each for each in results if each[0] % CHUNK_SECONDS] == []


def test_each_result_is_late_by_its_own_steps_time() -> None:
    _, prompt = run(transcribed(behaviour()))
    opened_at, late = run(transcribed(behaviour(transcribe=300, transcribe_partial=100, transcribe_final=700)))
    assert opened_at == pytest.approx(0.3)
    assert contents(late) == contents(prompt)
    assert len(times(late, partial=False)) == len(SENTENCES)
    assert times(late, partial=True) == pytest.approx([at + 0.1 for at in times(prompt, partial=True)])
    assert times(late, partial=False) == pytest.approx([at + 0.7 for at in times(prompt, partial=False)])


def test_results_keep_their_order_however_their_times_are_spread() -> None:
    _, prompt = run(transcribed(behaviour()))
    wild = {step: ServiceTime(median_ms=900, sigma=1.5) for step in (Step.TRANSCRIBE_PARTIAL, Step.TRANSCRIBE_FINAL)}
    for seed in range(5):
        _, late = run(transcribed(Behaviour(wild, seed=seed)))
        assert contents(late) == contents(prompt)
        assert all(at >= due for (at, _), (due, _) in zip(late, prompt, strict=True))
        assert [at for at, _ in late] == sorted(at for at, _ in late)


def test_a_slow_partial_holds_the_final_behind_it_back() -> None:
    _, prompt = run(transcribed(behaviour()))
    _, late = run(transcribed(behaviour(transcribe_partial=5_000)))
    assert contents(late) == contents(prompt)
    assert times(late, partial=False)[0] > times(prompt, partial=False)[0]


async def _answer_times(service: Behaviour) -> tuple[float, float]:
    clock = asyncio.get_running_loop()
    await service.take_time(Service.TRANSLATE, "es")
    translated_at = clock.time()
    await service.take_time(Service.POLLY, "es-ES")
    return translated_at, clock.time() - translated_at


def test_answers_take_their_time_and_a_fault_adds_to_it() -> None:
    service = behaviour(translate=150, polly=340)
    assert run(_answer_times(service)) == pytest.approx((0.15, 0.34))
    service.add_fault(Fault(service=Service.POLLY, kind=FaultKind.DELAY, delay_ms=1_000, times=1))
    assert run(_answer_times(service)) == pytest.approx((0.15, 1.34))


def test_the_aws_profile_makes_finals_as_late_as_was_measured_on_aws() -> None:
    pause_s = 0.5
    percentiles = statistics.quantiles(draws(Behaviour(Profile.AWS.times), 10_000), n=100)
    assert percentiles[49] + pause_s == pytest.approx(1.136, rel=0.05)
    assert percentiles[94] + pause_s == pytest.approx(1.527, rel=0.05)
    assert percentiles[98] + pause_s == pytest.approx(1.897, rel=0.05)
    assert set(Profile.AWS.times) == set(Step)


def test_the_aws_profile_stores_objects_as_fast_as_is_assumed() -> None:
    clock = ServiceClock(Profile.AWS.times)
    percentiles = statistics.quantiles([clock.draw_ms(Step.S3_PUT) for _ in range(10_000)], n=100)
    assert percentiles[49] == pytest.approx(42, rel=0.05)
    assert percentiles[4] == pytest.approx(30, rel=0.05)
    assert percentiles[94] == pytest.approx(60, rel=0.05)


def service_times(text: str) -> object:
    return _parser().parse_args(["--ca-file", "ca.pem", "--service-times", text]).service_times


def test_the_services_take_a_profile_or_times_of_ones_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert service_times("aws") == Profile.AWS.times
    assert service_times("none") == {}
    assert service_times('{"transcribe_final": {"median_ms": 640}}') == {
        Step.TRANSCRIBE_FINAL: ServiceTime(median_ms=640)
    }
    with pytest.raises(SystemExit):
        service_times('{"lambda": {"median_ms": 640}}')
    assert "lambda" in capsys.readouterr().err


def demonstration_times(*arguments: str) -> object:
    command = get_command(cli.app)
    assert isinstance(command, TyperGroup)
    return command.commands["demo"].make_context("demo", ["--audio", "speech.wav", *arguments]).params["service_times"]


def test_the_demonstration_takes_a_profile() -> None:
    assert demonstration_times() == Profile.NONE
    assert demonstration_times("--service-times", "aws") == Profile.AWS


def test_overrides_replace_what_they_name_and_keep_the_rest() -> None:
    mapping = Mapping(
        name="m", function="f", function_arn="arn:f", stream_name="s", event_source_arn="arn:s", batch_size=1_000
    )
    assert MappingOverrides().applied_to(mapping) == mapping
    changed = MappingOverrides(batching_window_seconds=2, enhanced_fan_out=True).applied_to(mapping)
    assert (changed.batching_window_seconds, changed.enhanced_fan_out, changed.batch_size) == (2, True, 1_000)


def test_results_are_noted_with_what_was_heard_and_what_is_stable() -> None:
    service = behaviour(transcribe_final=800)
    run(transcribed(service))
    assert not service.waits.all().results, "nobody wants to know"
    service.waits.begin()
    _, results = run(transcribed(service))
    noted = service.waits.all().results
    assert len(noted) == len(results)
    assert {each.stream for each in noted} == {2}
    for each, (_, result) in zip(noted, results, strict=True):
        items = result["Alternatives"][0]["Items"]
        assert [item.end_ms for item in each.items] == pytest.approx([item["EndTime"] * 1000 for item in items], abs=1)
        assert [item.is_stable for item in each.items] == [item["Stable"] for item in items]
        assert [item.mark for item in each.items] == [
            item["Content"] if item["Type"] == "punctuation" else None for item in items
        ]
        assert each.is_final is not result["IsPartial"]
        assert each.heard_ms % (CHUNK_SECONDS * 1000) == 0 or each.heard_ms == noted[-1].heard_ms
        assert each.sent_at_ms >= each.recognised_at_ms


async def test_answers_that_are_kept_waiting_are_noted() -> None:
    service = behaviour(translate=30)
    service.waits.begin()
    await service.take_time(Service.TRANSLATE, "es")
    await service.take_time(Service.POLLY, "es-ES")
    (waited,) = service.waits.all().answers
    assert waited.service == "translate"
    assert waited.ended_at_ms - waited.began_at_ms >= 29
