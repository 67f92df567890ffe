"""The local services, spoken to by the unmodified clients and by the product's own adapter."""

import asyncio
import io
import json
import os
import ssl
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import boto3
import msgspec
import pytest
import soundfile
from botocore.config import Config
from botocore.exceptions import ClientError

from babelcast.adapters.transcribe import TranscribeStream, TranscribeTranscriber
from babelcast.domain.errors import TranscriptionUnavailableError
from babelcast.domain.languages import language
from babelcast.domain.transcript import FinalResult, PartialResult, Result, Word
from local.engines.tone_alphabet import WORDS, tone_speech
from local.engines.tone_hearing import decode_language, decode_tones
from local.services.waits import Waits
from local.supervision import Child, Command
from tests.aws_account import aws_account

ENGLISH = language("en")
CHUNK_BYTES = 8000


@dataclass
class Services:
    transcribe: str
    translate: str
    polly: str
    control: str

    async def ask(self, method: str, path: str, body: object = None) -> Any:
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, f"{self.control}{path}", json=body) as response,
        ):
            assert response.status < 300, await response.text()
            return json.loads(await response.text() or "null")

    async def counters(self, service: str) -> dict[str, int]:
        found: dict[str, int] = (await self.ask("GET", "/counters"))[service]
        return found


@pytest.fixture
async def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Services]:
    ca_file = tmp_path / "ca.pem"
    child = await Child.start(
        Command(
            name="services",
            module="local.services",
            arguments=("--engine", "tones", "--ca-file", str(ca_file), "--idle-seconds", "1", "--max-streams", "2"),
        ),
        log_directory=tmp_path,
    )
    with aws_account(monkeypatch, SSL_CERT_FILE=str(ca_file)):
        yield Services(**{key: child.ready[key] for key in ("transcribe", "translate", "polly", "control")})
    await child.stop()


def transcriber(services: Services) -> TranscribeTranscriber:
    return TranscribeTranscriber(region="eu-west-1", endpoint_url=services.transcribe)


async def drain(stream: TranscribeStream) -> list[Result]:
    results: list[Result] = []
    async with asyncio.timeout(20):
        while not stream.is_finished:
            result = await stream.next_result(1.0)
            if result is not None:
                results.append(result)
    return results


async def feed(stream: TranscribeStream, pcm: bytes) -> None:
    for start in range(0, len(pcm), CHUNK_BYTES):
        await stream.send(pcm[start : start + CHUNK_BYTES])


def words(results: Sequence[Result]) -> list[str]:
    return [
        item.text for each in results if isinstance(each, FinalResult) for item in each.items if isinstance(item, Word)
    ]


@pytest.fixture
def sentences() -> list[list[str]]:
    some = list(WORDS)
    return [some[:4], some[10:13], some[20:26]]


async def test_speech_comes_back_word_by_word_at_its_place(services: Services, sentences: list[list[str]]) -> None:
    await services.ask("POST", "/waits")
    stream = await transcriber(services).open(ENGLISH, origin_sample=160_000)
    await feed(stream, tone_speech(sentences))
    await stream.end()
    results = await drain(stream)
    assert words(results) == [word for sentence in sentences for word in sentence]
    finals = [each for each in results if isinstance(each, FinalResult)]
    partials = [each for each in results if isinstance(each, PartialResult)]
    assert len(finals) == len(sentences)
    assert partials
    first = finals[0].items[0]
    assert isinstance(first, Word)
    assert 160_000 <= first.start_sample < 160_000 + 8_000
    counters = await services.counters("transcribe")
    assert (counters["opened"], counters["open"]) == (1, 0)
    waits = msgspec.convert(await services.ask("GET", "/waits"), Waits)
    assert len(waits.results) == len(results)
    assert {each.stream for each in waits.results} == {1}


async def test_silence_gives_no_results(services: Services) -> None:
    stream = await transcriber(services).open(ENGLISH, origin_sample=0)
    await feed(stream, bytes(16_000 * 2 * 5))
    await stream.end()
    assert await drain(stream) == []


async def test_a_stream_without_audio_is_ended_by_the_service(services: Services) -> None:
    stream = await transcriber(services).open(ENGLISH, origin_sample=0)
    with pytest.raises(TranscriptionUnavailableError, match="BadRequestException"):
        await drain(stream)


async def test_streams_beyond_the_quota_are_refused(services: Services) -> None:
    recogniser = transcriber(services)
    open_streams = [await recogniser.open(ENGLISH, origin_sample=0) for _ in range(2)]
    with pytest.raises(TranscriptionUnavailableError, match="LimitExceededException"):
        await recogniser.open(ENGLISH, origin_sample=0)
    for stream in open_streams:
        await stream.end()
        await drain(stream)
    await (await recogniser.open(ENGLISH, origin_sample=0)).close()


async def test_a_closed_stream_gives_its_place_back(services: Services) -> None:
    recogniser = transcriber(services)
    for _ in range(4):
        stream = await recogniser.open(ENGLISH, origin_sample=0)
        await stream.send(bytes(CHUNK_BYTES))
        await stream.close()
        async with asyncio.timeout(10):
            while (await services.counters("transcribe"))["open"]:
                await asyncio.sleep(0.01)


async def test_a_broken_stream_is_noticed(services: Services) -> None:
    await services.ask("POST", "/faults", {"service": "transcribe", "kind": "break", "times": 1})
    stream = await transcriber(services).open(ENGLISH, origin_sample=0)
    await stream.send(bytes(CHUNK_BYTES))
    with pytest.raises(TranscriptionUnavailableError):
        await drain(stream)


async def test_a_refusal_is_an_error_of_ours_and_the_next_attempt_works(services: Services) -> None:
    await services.ask("POST", "/faults", {"service": "transcribe", "kind": "refuse", "times": 1})
    recogniser = transcriber(services)
    with pytest.raises(TranscriptionUnavailableError, match="ServiceUnavailableException"):
        await recogniser.open(ENGLISH, origin_sample=0)
    await (await recogniser.open(ENGLISH, origin_sample=0)).close()


async def test_an_endpoint_nobody_can_trust_does_not_hang(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", os.fspath(Path(ssl.get_default_verify_paths().openssl_cafile)))
    with pytest.raises(TranscriptionUnavailableError):
        await transcriber(services).open(ENGLISH, origin_sample=0)


def client(service: Any, url: str) -> Any:
    return boto3.client(service, endpoint_url=url, config=Config(retries={"total_max_attempts": 1}))


async def test_translate_and_polly_speak_the_words_of_the_language(
    services: Services, sentences: list[list[str]]
) -> None:
    translate, polly = client("translate", services.translate), client("polly", services.polly)
    text = " ".join(sentences[0])
    answer = await asyncio.to_thread(
        translate.translate_text, Text=f"{text}.", SourceLanguageCode="en", TargetLanguageCode="fr"
    )
    spoken = await asyncio.to_thread(
        polly.synthesize_speech,
        Text=answer["TranslatedText"],
        VoiceId="Lea",
        LanguageCode="fr-FR",
        Engine="neural",
        OutputFormat="mp3",
        SampleRate="24000",
    )
    mp3 = spoken["AudioStream"].read()
    pcm, rate_hz = _decoded(mp3)
    assert decode_tones(pcm, rate_hz) == sentences[0]
    assert decode_language(pcm, rate_hz) == "fr"
    assert (await services.counters("polly"))["requests"] == 1
    assert (await services.counters("translate"))["characters"] == len(text) + 1


def _decoded(mp3: bytes) -> tuple[bytes, int]:

    samples, rate_hz = soundfile.read(io.BytesIO(mp3), dtype="int16")
    return samples.tobytes(), rate_hz


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"Text": "a" * 10_001}, "TextSizeLimitExceededException"),
        ({"TargetLanguageCode": "tlh"}, "UnsupportedLanguagePairException"),
    ],
)
async def test_translate_refuses_as_the_service_does(services: Services, arguments: dict[str, str], code: str) -> None:
    translate = client("translate", services.translate)
    wanted = {"Text": "river", "SourceLanguageCode": "en", "TargetLanguageCode": "es", **arguments}
    with pytest.raises(ClientError) as refusal:
        await asyncio.to_thread(translate.translate_text, **wanted)
    assert refusal.value.response["Error"]["Code"] == code


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"Text": "a" * 3001}, "TextLengthExceededException"),
        ({"Text": "<speak><prosody rate='10x'>a</prosody></speak>", "TextType": "ssml"}, "InvalidSsmlException"),
        ({"Text": "<speak>", "TextType": "ssml"}, "InvalidSsmlException"),
        ({"VoiceId": "Arlet"}, "EngineNotSupportedException"),
        ({"SampleRate": "8000"}, "InvalidSampleRateException"),
    ],
)
async def test_polly_refuses_as_the_service_does(services: Services, arguments: dict[str, str], code: str) -> None:
    polly = client("polly", services.polly)
    wanted = {"Text": "river", "VoiceId": "Lucia", "OutputFormat": "mp3", "SampleRate": "24000", **arguments}
    with pytest.raises(ClientError) as refusal:
        await asyncio.to_thread(polly.synthesize_speech, **wanted)
    assert refusal.value.response["Error"]["Code"] == code


async def test_faults_hit_their_language_and_are_used_up(services: Services) -> None:
    await services.ask("POST", "/faults", {"service": "translate", "kind": "throttle", "times": 1, "language": "es"})
    translate = client("translate", services.translate)

    async def attempt(target: str) -> str:
        try:
            await asyncio.to_thread(
                translate.translate_text, Text="river", SourceLanguageCode="en", TargetLanguageCode=target
            )
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "ok"

    assert [await attempt("fr"), await attempt("es"), await attempt("es")] == ["ok", "TooManyRequestsException", "ok"]


async def test_a_fault_may_last_for_some_time(services: Services) -> None:
    await services.ask("POST", "/faults", {"service": "polly", "kind": "throttle", "seconds": 0.5})
    polly = client("polly", services.polly)

    async def answer() -> str:
        try:
            await asyncio.to_thread(polly.synthesize_speech, Text="river", VoiceId="Lucia", OutputFormat="mp3")
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "ok"

    assert await answer() == "ThrottlingException"
    async with asyncio.timeout(10):
        while await answer() != "ok":
            await asyncio.sleep(0.05)


async def test_what_the_control_endpoint_does_not_understand_is_refused(services: Services) -> None:
    async with aiohttp.ClientSession() as session:
        for path, body in (("/faults", {"service": "lambda", "kind": "refuse"}), ("/faults", [])):
            async with session.post(f"{services.control}{path}", json=body) as response:
                assert response.status == 400
