"""What measuring the speaker's sound costs, how far it is from the truth, and what bad sound costs in words.

    make bench-signal
    PYTHONPATH=shared_layer/python .venv/bin/python -m benchmarks.signal --help

cost        the processor's time for a second of audio, in the chunks that a speaker sends, and of each part of it
accuracy    readings less the truth, over voices of flite and espeak-ng, and sung vowels for the pitch
clean       so many minutes of each voice with nothing wrong: what is found in it
words       what the local recogniser (PocketSphinx) gets wrong of damaged speech, which is no measure of Transcribe,
            and the pace by the times of its words
told        broken sounds spoken into a local stack: seconds from the first sample to the speaker's warning

Exits with 1 if the measurements take more than 15 ms a second or are further from the truth than promised, clean speech
is found to be bad, or a speaker is told late, or of something else.
"""

import argparse
import asyncio
import itertools
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.command_line import write_numbers
from benchmarks.signal.accuracy import ECHO_DELAY, ECHO_MISSED, ECHO_STRENGTH, ECHO_TOLD, measure_accuracy
from benchmarks.signal.clean import CleanSpeech, hear_clean
from benchmarks.signal.cost import measure_cost
from benchmarks.signal.measured import HEADINGS, Errors
from benchmarks.signal.speech import FLITE_VOICES, VOICES
from benchmarks.signal.telling import CLEAN, Warned, broken_sounds, tell
from benchmarks.signal.words import Words, damages, hear_words
from benchmarks.tables import markdown_table
from local.engines.speech import EngineFailedError
from local.errors import UserError
from local.stack import Engine, Stack, StackOptions
from local.supervision import PROJECT_ROOT

TOLD_WITHIN_S: Final = 5.0
_COST_S: Final = 60.0
_ACCURACY_S: Final = 30.0
_SENTENCES: Final = 12
_SPOKEN_S: Final = 9.0
_SEED: Final = 2
_OF_ECHOES: Final = (ECHO_DELAY, ECHO_STRENGTH, ECHO_MISSED, ECHO_TOLD)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.signal", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0, help="of clean speech of each voice (10)")
    parser.add_argument("--voices", type=int, default=len(VOICES), help=f"how many (all {len(VOICES)})")
    parser.add_argument("--no-words", action="store_true", help="without the recogniser")
    parser.add_argument("--no-stack", action="store_true", help="without telling speakers")
    parser.add_argument(
        "--assembly", type=Path, default=PROJECT_ROOT / "build" / "assembly", metavar="DIR", help="the templates"
    )
    parser.add_argument("--out", type=Path, metavar="JSON", help="receives the numbers too")
    options = parser.parse_args(arguments)
    try:
        numbers, problems = _measure(options)
    except (UserError, EngineFailedError, OSError, subprocess.CalledProcessError) as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1
    for problem in problems:
        print(problem)
    if options.out is not None:
        write_numbers(options.out, {**numbers, "problems": problems, "passed": not problems})
    return int(bool(problems))


def _measure(options: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    voices = VOICES[: options.voices]
    cost = measure_cost(_COST_S)
    _show(
        ("part", "ms of the processor for a second of audio"),
        [(part, f"{ms:.2f}") for part, ms in {"everything": cost.everything, **cost.parts}.items()],
    )
    accuracy = list(measure_accuracy(_ACCURACY_S, voices))
    _show(HEADINGS, [each.row for each in accuracy if each.measure not in _OF_ECHOES])
    _show(("echo", *(f"{name}: worst voice" for name in _OF_ECHOES)), list(_echo_rows(accuracy)))
    clean = [hear_clean(voice, 60 * options.minutes, seed=_SEED) for voice in voices]
    _show(("voice", "minutes", "findings", "echo's evidence, one look", "three looks in a row"), _clean_rows(clean))
    numbers: dict[str, Any] = {
        "cost": cost.as_json(),
        "accuracy": [each.as_json() for each in accuracy],
        "clean": [each.as_json() for each in clean],
    }
    problems = [*cost.problems, *_problems_of(accuracy), *(problem for each in clean for problem in each.problems)]
    if not options.no_words:
        words = asyncio.run(hear_words(FLITE_VOICES, _SENTENCES, list(damages())))
        _show_words(words)
        numbers["words"] = [each.as_json() for each in words.errors]
        numbers["paces"] = [each.as_json() for each in words.paces]
        problems += _problems_of(words.paces)
    if not options.no_stack:
        told = asyncio.run(_tell(options.assembly))
        _show(("sound", "told, after"), [(sound, _written(warned)) for sound, warned in told.items()])
        numbers["told"] = {sound: [asdict(each) for each in warned] for sound, warned in told.items()}
        problems += wrongly_told(told)
    return numbers, problems


def _echo_rows(accuracy: Sequence[Errors]) -> Iterator[list[str]]:
    """A row for each delay and level."""
    of_echoes = [each for each in accuracy if each.measure in _OF_ECHOES]
    for condition, found in itertools.groupby(of_echoes, lambda each: each.condition):
        worst = {each.measure: f"{each.of_the_worst_voice:.1f}" for each in found}
        yield [condition, *(worst.get(measure, "not found") for measure in _OF_ECHOES)]


def _clean_rows(clean: Sequence[CleanSpeech]) -> list[tuple[str, ...]]:
    return [
        (
            each.voice,
            f"{each.seconds / 60:g}",
            ", ".join(each.findings) or "none",
            f"{each.evidence:.3f}",
            f"{each.lasting_evidence:.3f}",
        )
        for each in clean
    ]


def _show_words(words: Words) -> None:
    voices = list(words.errors[0].percent)
    _show(
        ("done to the speech", "words wrong, %", *voices),
        [
            (each.damage, f"{each.mean_percent:.1f}", *(f"{percent:.1f}" for percent in each.percent.values()))
            for each in words.errors
        ],
    )
    _show(HEADINGS, [each.row for each in words.paces])


def _problems_of(measured: Sequence[Errors]) -> list[str]:
    return [problem for each in measured for problem in each.problems]


async def _tell(assembly: Path) -> dict[str, list[Warned]]:
    with TemporaryDirectory(prefix="babelcast-signal-") as directory:
        options = StackOptions(state_dir=Path(directory) / "state", assembly_dir=assembly, engine=Engine.TONES)
        async with Stack(options) as stack:
            return await tell(stack.endpoints, broken_sounds(_SPOKEN_S))


def wrongly_told(told: Mapping[str, Sequence[Warned]]) -> list[str]:
    """What speakers were told late, or of something else, or not at all."""
    problems = []
    for sound, warned in told.items():
        expected = set() if sound == CLEAN else {sound}
        if {each.issue for each in warned} != expected:
            problems.append(f"{sound}: told of {', '.join(each.issue for each in warned) or 'nothing'}")
        problems += [f"{sound}: told after {each.after_s:.1f} s" for each in warned if each.after_s > TOLD_WITHIN_S]
    return problems


def _written(warned: Sequence[Warned]) -> str:
    return ", ".join(f"{each.issue} {each.after_s:.1f} s" for each in warned) or "nothing"


def _show(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    print(markdown_table(headings, rows), end="\n\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
