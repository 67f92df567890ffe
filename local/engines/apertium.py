"""Translator out of English: Apertium, by Debian's language data, directly or through Spanish or Catalan.

Loading a step's data takes a few hundred milliseconds, translating a sentence with it takes a few. So each step is a
*pipeline* that stays up: the programs of its mode file, connected by pipes, flushing after each NUL (``-z``)::

    text NUL ─▶ lt-proc -z … ─▶ apertium-tagger -z … ─▶ … ─▶ lt-proc -z -p … ─▶ translation NUL

A pipeline has no state between two texts, so that it can be killed and started again at any time. Its programs end
by themselves when its input ends, also when this process is killed.
"""

import asyncio
import contextlib
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.engines.speech import EngineFailedError, MissingProgramsError, UnsupportedPairError

SOURCE: Final = "en"
"""Translate's code of the one language that is translated."""

_ROUTES: Final = {
    "ca": ("eng-cat",),
    "es": ("eng-spa",),
    "fr": ("eng-spa", "es-fr"),
    "gl": ("en-gl",),
    "it": ("eng-cat", "cat-ita"),
    "pt": ("eng-spa", "es-pt_BR"),
    "pt-PT": ("eng-spa", "es-pt"),
}
"""Apertium's modes, step after step, by Translate's code of the target (its ``pt`` is Brazilian)."""

TARGETS: Final = frozenset(_ROUTES)
"""Translate's codes of the languages that are translated into."""

_PACKAGES: Final = {
    "cat-ita": "apertium-cat-ita",
    "en-gl": "apertium-en-gl",
    "eng-cat": "apertium-eng-cat",
    "eng-spa": "apertium-eng-spa",
    "es-fr": "apertium-fr-es",
    "es-pt": "apertium-es-pt",
    "es-pt_BR": "apertium-es-pt",
}
"""The Debian package of each mode."""

_DATA_DIRECTORY: Final = Path("/usr/share/apertium")
_START_SECONDS: Final = 30.0

_BLANK: Final = re.compile(r"[\s\x00-\x1f\x7f]+")
_RESERVED: Final = re.compile(r"[\[\]{}^$/\\@<>]")
"""Characters that mean something in Apertium's stream format."""
_ESCAPED: Final = re.compile(r"\\(.)")
_FULL_STOP: Final = "."
"""Added to each text to show the taggers that a sentence ends, as Apertium's own deformatters do."""
_END_MARK: Final = "[]"
"""Formatting without content, added to each text: it comes out unchanged where a text has been translated whole."""
_MARKS: Final = "*#@~"
"""What Apertium puts before words that it cannot translate or inflect."""
_SPACE_BEFORE_PUNCTUATION: Final = re.compile(r"\s+([,.;:!?…]+)(?=\s|$)")
_SENTENCE_START: Final = re.compile(r"(?:^|[.!?…]\s)\W*(\w)")
_WORD: Final = re.compile(r"[^\W\d_]+")


class ApertiumTranslator:
    """A `Translator`. Each pipeline translates one text at a time; different pipelines work side by side.

    Args:
        deadline_seconds: How long a step may take for one text once it is its turn.
        data_directory: Where Apertium's ``modes`` are.
    """

    def __init__(self, *, deadline_seconds: float = 3.0, data_directory: Path = _DATA_DIRECTORY) -> None:
        self._modes_directory = data_directory / "modes"
        self._pipelines = {
            mode: _Pipeline(self._mode_path(mode), deadline_seconds) for route in _ROUTES.values() for mode in route
        }

    def check_programs(self) -> None:
        """See whether everything that the routes need is installed.

        Raises:
            MissingProgramsError: It is not; the message names the Debian packages.
        """
        packages: set[str] = set()
        for mode in self._pipelines:
            try:
                stages = _read_stages(self._mode_path(mode))
            except FileNotFoundError:
                packages.add(_PACKAGES[mode])
                continue
            if any(shutil.which(stage.program) is None for stage in stages):
                packages |= {"apertium", _PACKAGES[mode]}
            if not all(path.exists() for stage in stages for path in stage.data_files):
                packages.add(_PACKAGES[mode])
        if shutil.which("lt-proc") is None:
            packages.add("apertium")
        if packages:
            raise MissingProgramsError(f"translating needs the Debian packages {' '.join(sorted(packages))}")

    async def warm_up(self) -> None:
        """Start all pipelines at once and wait until they translate.

        Raises:
            EngineFailedError: One does not.
            MissingProgramsError: A program or a mode is not installed.
        """
        await asyncio.gather(*(pipeline.start() for pipeline in self._pipelines.values()))

    async def translate(self, text: str, *, source: str, target: str) -> str:
        """The translation on one line; what Apertium does not know stays English.

        Raises:
            UnsupportedPairError: The source is not English, or the target has no route.
            EngineFailedError: A step broke twice in a row or was too slow; it is started again for the next text.
        """
        route = _ROUTES.get(target)
        if source != SOURCE or route is None:
            raise UnsupportedPairError(f"Apertium does not translate from {source!r} into {target!r} here")
        plain = _BLANK.sub(" ", text.replace("’", "'")).strip()
        if not any(character.isalpha() for character in plain):
            return text
        translated = plain
        for mode in route:
            answer = await self._pipelines[mode].translate(_to_stream(translated))
            translated = _tidy(_from_stream(answer), source=plain)
        return translated

    async def close(self) -> None:
        """End all pipelines; a later request starts what it needs again."""
        for pipeline in self._pipelines.values():
            pipeline.stop()

    def _mode_path(self, mode: str) -> Path:
        return self._modes_directory / f"{mode}.mode"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    """One program of a pipeline."""

    program: str
    arguments: tuple[str, ...]

    @property
    def data_files(self) -> tuple[Path, ...]:
        return tuple(Path(argument) for argument in self.arguments if argument.startswith("/"))


def _read_stages(mode_path: Path) -> list[_Stage]:
    """The programs of a mode file (a shell pipeline), told to flush after each NUL and not to mark words."""
    stages = []
    for command in mode_path.read_text(encoding="utf-8").split("|"):
        program, *arguments = shlex.split(command.replace("$1", "-n").replace("$2", ""))
        stages.append(_Stage(program=program, arguments=("-z", *arguments)))
    return stages


class _PipelineEndedError(Exception):
    """A program of the pipeline has ended, or the pipeline answers more than it is asked."""


class _Pipeline:
    """The running programs of one mode. Requests wait for each other, in the order in which they came."""

    def __init__(self, mode_path: Path, deadline_seconds: float) -> None:
        self._mode_path = mode_path
        self._deadline_seconds = deadline_seconds
        self._lock = asyncio.Lock()
        self._running: _Running | None = None

    async def start(self) -> None:
        """Be ready, if it is not yet.

        Raises:
            EngineFailedError: It does not come up.
        """
        async with self._lock:
            try:
                await self._ensure_running()
            except _PipelineEndedError:
                raise EngineFailedError(f"Apertium's {self._mode_path.stem} does not start") from None

    async def translate(self, stream: str) -> str:
        """The answer to a text in Apertium's stream format, asked a second time if the pipeline has broken.

        Raises:
            EngineFailedError: It broke again, or was too slow.
        """
        async with self._lock:
            try:
                return await self._ask_once(stream)
            except _PipelineEndedError:
                pass
            try:
                return await self._ask_once(stream)
            except _PipelineEndedError:
                raise EngineFailedError(f"Apertium's {self._mode_path.stem} broke") from None

    async def _ask_once(self, stream: str) -> str:
        running = await self._ensure_running()
        return await self._ask(running, stream, self._deadline_seconds)

    async def _ensure_running(self) -> "_Running":
        if self._running is not None and self._running.is_in_step:
            return self._running
        self.stop()
        try:
            stages = _read_stages(self._mode_path)
            self._running = running = await _Running.start(stages)
        except FileNotFoundError:
            raise MissingProgramsError(f"Apertium's {self._mode_path.stem} is not installed") from None
        await self._ask(running, _to_stream("a"), _START_SECONDS)
        return running

    async def _ask(self, running: "_Running", stream: str, deadline_seconds: float) -> str:
        try:
            async with asyncio.timeout(deadline_seconds):
                return await running.ask(stream)
        except TimeoutError:
            self.stop()
            raise EngineFailedError(
                f"Apertium's {self._mode_path.stem} took longer than {deadline_seconds:g} s"
            ) from None
        except BaseException:
            # Its answer to a request that nobody waits for any more would be taken for the next one's.
            self.stop()
            raise

    def stop(self) -> None:
        """Kill its programs. Idempotent."""
        if self._running is not None:
            self._running.kill()
            self._running = None


def _spawn(stages: Sequence[_Stage]) -> list[subprocess.Popen[bytes]]:
    """Start the programs, each reading what the one before it writes.

    Not by a shell, which would hold the last pipe open after its writer's death. About a millisecond each.
    """
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for stage in stages:
            before = processes[-1].stdout if processes else None
            processes.append(
                subprocess.Popen(
                    (stage.program, *stage.arguments),
                    stdin=before or subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env={**os.environ, "LC_ALL": "C.UTF-8"},
                    start_new_session=True,
                )
            )
            if before is not None:
                before.close()
    except BaseException:
        _kill(processes)
        raise
    return processes


def _kill(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """End the programs at once, and close what is still open to them."""
    for process in processes:
        process.kill()
    for process in processes:
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


class _Running:
    """Started programs, and the two pipes to them."""

    def __init__(self, processes: Sequence[subprocess.Popen[bytes]]) -> None:
        self._processes = processes
        self._answers = _Answers()
        self._input: asyncio.WriteTransport | None = None
        self._output: asyncio.ReadTransport | None = None

    @classmethod
    async def start(cls, stages: Sequence[_Stage]) -> "_Running":
        processes = _spawn(stages)
        running = cls(processes)
        try:
            loop = asyncio.get_running_loop()
            running._output, _ = await loop.connect_read_pipe(lambda: running._answers, processes[-1].stdout)
            running._input, _ = await loop.connect_write_pipe(asyncio.Protocol, processes[0].stdin)
        except BaseException:
            running.kill()
            raise
        return running

    @property
    def is_in_step(self) -> bool:
        """It runs, and has answered exactly what it was asked."""
        return not self._answers.has_ended

    async def ask(self, stream: str) -> str:
        """The answer to one text, without the end that `_to_stream` has given it.

        Raises:
            _PipelineEndedError: It cannot answer any more.
        """
        answer = self._answers.expect()
        assert self._input is not None
        self._input.write(stream.encode() + b"\0")
        text = (await answer).decode(errors="replace").rstrip()
        # Programs whose input ends, since the one before them has died, send a last NUL.
        if not text.endswith(_END_MARK):
            raise _PipelineEndedError
        return text.removesuffix(_END_MARK).removesuffix(_FULL_STOP)

    def kill(self) -> None:
        """End everything at once."""
        self._answers.end()
        # A transport that has closed by itself has given back its descriptor, which may be another pipe's by now.
        if self._input is not None and not self._input.is_closing():
            self._input.abort()
        if self._output is not None and not self._output.is_closing():
            self._output.close()
        _kill(self._processes)


class _Answers(asyncio.Protocol):
    """Cuts a pipeline's output into answers, each ended by NUL."""

    def __init__(self) -> None:
        self.has_ended = False
        self._data = bytearray()
        self._answer: asyncio.Future[bytes] | None = None

    def expect(self) -> asyncio.Future[bytes]:
        """The next answer."""
        self._answer = asyncio.get_running_loop().create_future()
        if self.has_ended:
            self._answer.set_exception(_PipelineEndedError())
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._data += data
        answer, nul, rest = self._data.partition(b"\0")
        if self._answer is None or rest:
            self.end()
        elif nul:
            if not self._answer.done():
                self._answer.set_result(bytes(answer))
            self._answer = None
            self._data.clear()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio calls it with its reason
        self.end()

    def end(self) -> None:
        """No more answers."""
        self.has_ended = True
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(_PipelineEndedError())
        self._answer = None


def _to_stream(text: str) -> str:
    """Plain text in Apertium's stream format."""
    return _RESERVED.sub(r"\\\g<0>", text) + _FULL_STOP + _END_MARK


def _from_stream(stream: str) -> str:
    """Apertium's stream format as plain text."""
    return _ESCAPED.sub(r"\1", stream)


def _tidy(translated: str, *, source: str) -> str:
    """The translation as it is written: no marks, no stray spaces, capitals as in the source; never without words."""
    text = "".join(character for character in translated if character not in _MARKS or character in source)
    text = _SPACE_BEFORE_PUNCTUATION.sub(r"\1", _BLANK.sub(" ", text)).strip()
    if not any(character.isalnum() for character in text):
        return source
    return _with_capitals(text, source)


def _with_capitals(text: str, source: str) -> str:
    """Capital letters where the source has them: at the start of its sentences, and within them if it has names."""
    source_starts = [match.start(1) for match in _SENTENCE_START.finditer(source)]
    letters = list(text)
    if not any(_is_capitalised(word) and word.start() not in source_starts for word in _WORD.finditer(source)):
        # A word that has moved away from the start has kept its capital.
        for word in filter(_is_capitalised, _WORD.finditer(text)):
            letters[word.start()] = letters[word.start()].lower()
    for index, match in enumerate(_SENTENCE_START.finditer(text)):
        if source[source_starts[min(index, len(source_starts) - 1)]].isupper():
            letters[match.start(1)] = letters[match.start(1)].upper()
    return "".join(letters)


def _is_capitalised(word: re.Match[str]) -> bool:
    """A capital and small letters; the English I is none."""
    return word[0] != "I" and word[0][0].isupper() and (len(word[0]) == 1 or word[0][1:].islower())
