"""What rooms cost: dollars per session-hour and in all, by service, beside the old design.

Needs no account and calls nothing: the prices are the stage's (`infrastructure/settings.py`), each with its source.
Transcribe's price is disputed, so everything is shown for each reading of it.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields
from typing import Final

from infrastructure.costs import Assumptions, Design, Estimate, Event, Service, estimate
from infrastructure.prices import Certainty, PriceTable
from infrastructure.settings import STAGES, StageSettings

_NOT_COUNTED: Final = (
    "free tiers, taxes, support, Cognito (10,000 users a month are free), standing costs of metrics, alarms, "
    "dashboard and idle cells (a shard runs all month), storage for a day, X-Ray's traces (prod), requests of the HTTP "
    "API and of CloudFront, notification_sender's invocations (one for every 200 listeners of a room above 200, for "
    "each message)"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        _refuse_too_many_languages(max(options.languages, options.offered), STAGES[options.stage])
        event = Event(
            speakers=options.speakers,
            hours=options.hours,
            languages=options.languages,
            offered_languages=max(options.offered, options.languages),
            listeners=options.listeners,
            silence=options.silence,
        )
    except ValueError as error:
        print(f"cost: {error}", file=sys.stderr)
        return 2
    print(report(event, STAGES[options.stage]))
    return 0


def _refuse_too_many_languages(wanted: int, stage: StageSettings) -> None:
    if wanted > len(stage.target_languages):
        raise ValueError(f"{wanted} languages: stage {stage.name} has {len(stage.target_languages)}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speakers", type=int, default=1, help="sessions at the same time (1)")
    parser.add_argument("--hours", type=float, default=1.0, help="how long each lasts (1)")
    parser.add_argument("--languages", type=int, default=3, help="languages listened to in each session (3)")
    parser.add_argument("--listeners", type=int, default=50, help="listeners of each session (50)")
    parser.add_argument("--silence", type=float, default=0.0, help="share of the time without speech, 0 to below 1 (0)")
    parser.add_argument("--offered", type=int, default=10, help="languages that a session allows (10)")
    parser.add_argument("--stage", choices=sorted(STAGES), default="prod", help="whose cells, sizes and prices (prod)")
    return parser


def report(event: Event, stage: StageSettings) -> str:
    """Both tables, the assumptions and how sure the prices are."""
    estimates = {
        (design, price.name): estimate(event, design=design, stage=stage, prices=stage.prices, transcribe=price)
        for design in Design
        for price in stage.prices.transcribe
    }
    session_hours = event.speakers * event.hours
    return "\n".join(
        [
            f"{event.speakers} session(s) of {event.hours:g} h on stage {stage.name}: {event.languages} of "
            f"{event.offered_languages} languages listened to, {event.listeners} listeners each, "
            f"{event.silence:.0%} silence",
            "",
            *_table("$ per session-hour", estimates, 1.0),
            "",
            *_table(f"$ for {session_hours:g} session-hours", estimates, session_hours),
            "",
            *_users(event, estimates),
            "Assumptions",
            *_assumptions(),
            f"  not counted: {_NOT_COUNTED}",
            "",
            f"Prices (USD, {stage.prices.region})",
            *_prices(stage.prices),
        ]
    )


def _table(title: str, estimates: dict[tuple[Design, str], Estimate], factor: float) -> list[str]:
    heads = [f"{design}, {name}" for design, name in estimates]
    width = max(len(head) for head in heads) + 2
    lines = [f"{title:28}" + "".join(f"{head:>{width}}" for head in heads)]
    lines += [
        f"{service:28}"
        + "".join(f"{each.per_session_hour[service] * factor:{width}.4f}" for each in estimates.values())
        for service in Service
    ]
    return [*lines, f"{'total':28}" + "".join(f"{each.total * factor:{width}.4f}" for each in estimates.values())]


def _users(event: Event, estimates: dict[tuple[Design, str], Estimate]) -> list[str]:
    """What an hour costs for everybody, to be held against a budget for so many users."""
    users = event.speakers * (1 + event.listeners)
    now = [each.total * event.speakers for (design, _), each in estimates.items() if design is Design.BABELCAST]
    return [f"An hour for {users:,} users: ${min(now):.2f} to ${max(now):.2f}", ""]


def _assumptions() -> list[str]:
    assumed = Assumptions()
    return [f"  {field.name.replace('_', ' ')}: {getattr(assumed, field.name):g}" for field in fields(assumed)]


def _prices(table: PriceTable) -> list[str]:
    priced = table.named()
    lines = [
        f"  {name:30}{price.usd:<12.7g}per {price.unit:30}{price.certainty}: {price.source}, {price.read_on}"
        for name, price in priced.items()
    ]
    unsure = sum(price.certainty is Certainty.UNCONFIRMED for price in priced.values())
    return [*lines, f"  {unsure} of {len(priced)} are unconfirmed; settle them from a bill"]


if __name__ == "__main__":
    sys.exit(main())
