"""A chaos run from the plan to the report."""

import asyncio

from benchmarks.chaos.recovery import recoveries
from benchmarks.chaos.report import ChaosReport
from benchmarks.chaos.running import ChaosPlan, RoomRecord, hold
from benchmarks.chaos.verdict import Ear, ListenerVerdict, judge_listener


async def judge(plan: ChaosPlan) -> ChaosReport:
    """Carry a plan out and judge what every listener received.

    Raises:
        UserError: The stack did not start, one of its processes died by itself, or a room could not be opened.
    """
    rooms, occurrences = await hold(plan)
    arrivals = [(seat, room.arrivals(seat)) for room in rooms for seat in room.listeners]
    return ChaosReport(
        seed=plan.seed,
        seconds=plan.seconds,
        planned=plan.faults(),
        recoveries=recoveries(occurrences, arrivals),
        verdicts=await asyncio.to_thread(_verdicts, rooms),
        rooms=rooms,
    )


def _verdicts(rooms: list[RoomRecord]) -> list[ListenerVerdict]:
    ear = Ear()
    return [
        judge_listener(
            seat,
            record,
            room.words,
            highest=max((each.number for other in room.listeners.values() for each in other.segments), default=-1),
            ear=ear,
        )
        for room in rooms
        for seat, record in room.listeners.items()
    ]
