"""How long after a word was said its translation is heard, word by word, and whether that stays so.

A talk in the tone language, whose words can be told in the sound of every clip, goes through Babelcast (stage prod,
services as slow as the profile `aws`) and through the design that it replaces, to a listener on a venue's Wi-Fi
(`wifi.py`). The clips are played by the listeners' app's own player, the old design's one after another. First a short
talk in real time through the whole local stack, then the same and the long talk in simulated time.

    python -m benchmarks.span --minutes 60 --rates 1,1.25,1.5 --out out

ear-voice span                from the end of a word in the speaker's mouth until its translation has been heard
clause's end → clip begins    from the end of a clip's last word in the speaker's mouth until the clip begins
drift per hour                slope of the ear-voice span (Theil and Sen), with its interval
ending offset                 from the talk's last word until the listener has heard the last sound
clips, heard against the talk how long the clips are, and how long they sound at the tempo at which they are played
left out to catch up          speech that the player skipped and said so
silence between clips         share of the time from the first sound to the last
words lost                    words that no clip has whole; every one of Babelcast's is a fault
words broken, extra           sounds that are no whole word; words that were not said there
words left out                words in clips that the player skipped
stream LAAL                   how late translated words are on the screen (`captions.py`)
longest gap                   the longest time without a new caption, the speaker's pauses included
retractions                   captions that took the place of another text

Rate 1 is 117 words a minute with the pauses (`talk.py`). The old design makes every language of the session
(`--offered`), one after the other; in a narrow session there are only the two that are listened to.
Prints the tables and writes `bench-span.json`, `.md` and `.png`. Exits with 1 if Babelcast lost, broke, doubled or took
back a word. Never because of a time.
"""

import argparse
import asyncio
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from benchmarks.command_line import write_numbers
from benchmarks.span.course import Clock, Course, Design
from benchmarks.span.figures import Figures, Measured, measure
from benchmarks.span.report import check_table, cost_table, draw, model_costs, ratio_table, table
from benchmarks.span.running import SpanPlan, run_in_real_time
from benchmarks.span.simulating import SimulationPlan, simulate
from benchmarks.span.talk import FASTEST, give_talk
from benchmarks.span.wifi import PERFECT, VENUE
from infrastructure.settings import PROD
from local.errors import UserError
from local.services.profiles import Profile
from local.supervision import PROJECT_ROOT

_LANGUAGES = ("es", "fr")
_SILENCE = 0.3
"""Of the session whose cost is compared."""
_WIFI = {"venue": VENUE, "perfect": PERFECT}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    options = _options(arguments)
    try:
        return _bench(options)
    except UserError as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1


def _bench(options: argparse.Namespace) -> int:
    checked: list[tuple[Measured, Measured]] = []
    measured: list[Measured] = []
    for rate in options.rates:
        if options.checked_minutes:
            checked += _check(options, rate)
        if options.minutes:
            talk = give_talk(options.minutes * 60, rate=rate, seed=options.seed)
            for design in Design:
                course = simulate(_simulation(options), talk, design)
                measured.append(measure(course, talk.words, rate=rate, clock=Clock.SIMULATED))
    costs = model_costs(languages=len(_LANGUAGES), offered=options.offered, silence=_SILENCE)
    report = _report(options, measured, checked, costs)
    print(report)
    figures = [each.figures for each in (*measured, *(each for pair in checked for each in pair))]
    faults = [fault for each in figures for fault in faults_of(each)]
    for fault in faults:
        print(fault)
    if options.out is not None:
        numbers = {
            "command": f"make bench-span MINUTES={options.minutes:g} RATES={','.join(f'{r:g}' for r in options.rates)}",
            "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
            "seed": options.seed,
            "figures": [asdict(each) for each in figures],
            "modelCostsPerSessionHour": costs,
            "passed": not faults,
        }
        write_numbers(options.out / "bench-span.json", numbers)
        (options.out / "bench-span.md").write_text(f"# Ear-voice span\n\n{report}\n")
        draw(options.out / "bench-span.png", measured or [real for real, _ in checked], _title(options))
    return int(bool(faults))


def _check(options: argparse.Namespace, rate: float) -> list[tuple[Measured, Measured]]:
    """The same short talk in real and in simulated time, by design."""
    talk = give_talk(options.checked_minutes * 60, rate=rate, seed=options.seed)
    with tempfile.TemporaryDirectory(prefix="babelcast-span-") as directory:
        plan = SpanPlan(
            languages=_LANGUAGES,
            offered=options.offered,
            listeners=options.listeners,
            seed=options.seed,
            service_times=options.service_times,
            wifi=_WIFI[options.wifi],
            assembly_dir=options.assembly,
            directory=Path(directory),
        )
        real = asyncio.run(run_in_real_time(plan, talk))

    def put_into_numbers(course: Course, clock: Clock) -> Measured:
        return measure(course, talk.words, rate=rate, clock=clock)

    return [
        (
            put_into_numbers(course, Clock.REAL),
            put_into_numbers(simulate(_simulation(options), talk, course.design), Clock.SIMULATED),
        )
        for course in real
    ]


def _simulation(options: argparse.Namespace) -> SimulationPlan:
    return SimulationPlan(
        languages=_LANGUAGES,
        offered=options.offered,
        listeners=options.listeners,
        seed=options.seed,
        service_times=options.service_times.times,
        wifi=_WIFI[options.wifi],
        stage=replace(PROD, max_segment_s=options.max_segment),
    )


def faults_of(figures: Figures) -> list[str]:
    """What Babelcast must not do, whatever the circumstances."""
    if figures.design is not Design.BABELCAST:
        return []
    counts = {
        "words lost": figures.words_lost,
        "words broken": figures.words_broken,
        "words that were not said": figures.words_extra,
        "captions taken back": figures.retractions,
    }
    return [f"{figures.rate:g}×, {figures.clock}: {what}: {count}" for what, count in counts.items() if count]


def _report(
    options: argparse.Namespace,
    measured: Sequence[Measured],
    checked: Sequence[tuple[Measured, Measured]],
    costs: dict[str, dict[str, float]],
) -> str:
    parts = []
    if measured:
        parts += [f"{options.minutes:g} minutes in simulated time", table(measured), ratio_table(measured)]
    if checked:
        parts += [
            f"{options.checked_minutes:g} minutes in real time through the whole local stack",
            table([real for real, _ in checked]),
            "The same talks in simulated time",
            check_table(checked),
        ]
    parts += [
        f"Speech models, dollars per session-hour: {len(_LANGUAGES)} of {options.offered} languages listened to, "
        f"{_SILENCE:.0%} silence",
        cost_table(costs),
    ]
    return "\n\n".join(parts)


def _title(options: argparse.Namespace) -> str:
    return (
        f"{options.minutes or options.checked_minutes:g} minutes of tone speech, services as slow as profile "
        f"{options.service_times}, listener on {options.wifi} Wi-Fi"
    )


def _rates(text: str) -> tuple[float, ...]:
    rates = tuple(float(each) for each in text.split(","))
    if not all(0.5 <= rate <= FASTEST for rate in rates):
        raise argparse.ArgumentTypeError(f"rates are 0.5 to {FASTEST}")
    return rates


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.span", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=60.0, help="of the talk in simulated time; 0 for none (60)")
    parser.add_argument(
        "--rates", type=_rates, default=(1.0, 1.25, 1.5), metavar="R,…", help="of speaking (1,1.25,1.5)"
    )
    parser.add_argument("--checked-minutes", type=float, default=5.0, help="of the talk in real time; 0 for none (5)")
    parser.add_argument("--listeners", type=int, default=20, help="of each of two languages (20)")
    parser.add_argument("--offered", type=int, default=10, help="languages of the session (10)")
    parser.add_argument(
        "--max-segment",
        type=int,
        default=PROD.max_segment_s,
        metavar="S",
        help=f"another longest clause in simulated time than the stage's, in seconds ({PROD.max_segment_s})",
    )
    parser.add_argument("--seed", type=int, default=1, help="of talk, service times and Wi-Fi (1)")
    parser.add_argument("--wifi", choices=tuple(_WIFI), default="venue", help="of the listener who is followed (venue)")
    parser.add_argument(
        "--service-times", type=Profile, choices=tuple(Profile), default=Profile.AWS, help="of the services (aws)"
    )
    parser.add_argument(
        "--assembly",
        type=Path,
        default=PROJECT_ROOT / "build" / "stages" / "prod",
        metavar="DIR",
        help="the stage's templates, for real time",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="receives the numbers, the tables and the picture")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
