"""From what was seen to a finding for every step. Pure, but for reading the clips that were saved."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import soundfile

from local.client.playback import Fate
from local.client.record import HeardSegment
from local.report.summary import count_duplicated, known_numbers
from scripts.verification.evidence import Evidence, Finding, ListenerEvidence, Step

_DURATION_TOLERANCE_S: Final = 0.2
"""Between the announced and the decoded length: an MP3 is padded to whole frames of 24 ms, decoders cut the padding."""
_CHARACTERS_PER_SECOND: Final = (1.0, 40.0)
"""What speech can be in any script: slow Chinese to hurried Spanish, with room to spare."""
_SHORTEST_JUDGED_TEXT: Final = 10
_MAX_NAMED: Final = 5


def check_broadcast(evidence: Evidence) -> list[Finding]:
    """A finding for every step from the audio on, in the steps' order."""
    known = list(known_numbers(evidence.broadcast))
    listeners = evidence.listeners
    return [
        check_audio(evidence),
        check_captions(evidence, known),
        *(check_segments(each, known) for each in listeners),
        *(check_clips(each) for each in listeners),
        *(check_order(each) for each in listeners),
        check_end(evidence),
    ]


def check_audio(evidence: Evidence) -> Finding:
    """Whether every chunk was acknowledged, which is told when Kinesis has it."""
    speaker = evidence.speaker
    chunks, acknowledged = len(speaker.captured_at), len(speaker.acknowledged_at)
    detail = f"{acknowledged} of {chunks} chunks acknowledged"
    if speaker.resent:
        detail += f", {speaker.resent} sent more than once"
    if speaker.notices:
        detail += f"; the speaker was told {', '.join(dict.fromkeys(speaker.notices))}"
    if evidence.failure is not None and acknowledged < chunks:
        detail += f"; {evidence.failure}"
    return Finding(step=Step.AUDIO, passed=acknowledged == chunks > 0, detail=detail)


def check_captions(evidence: Evidence, known: Sequence[int]) -> Finding:
    """Whether the speaker and every listener read every final caption of the source language once."""
    if not known:
        return Finding(step=Step.CAPTIONS, passed=False, detail="nothing was recognised")
    faults = []
    readers = {"the speaker": evidence.speaker.captions}
    readers |= {f"the listener of {each.record.language}": each.record.captions for each in evidence.listeners}
    for reader, captions in readers.items():
        missing = set(known) - {caption.number for caption in captions}
        if missing:
            faults.append(f"{reader} misses {_numbers(missing)}")
        if not all(caption.text.strip() for caption in captions):
            faults.append(f"{reader} got an empty one")
    detail = "; ".join(faults) or f"{len(known)} final captions to the speaker and {len(evidence.listeners)} listeners"
    return Finding(step=Step.CAPTIONS, passed=not faults, detail=detail)


def check_segments(listener: ListenerEvidence, known: Sequence[int]) -> Finding:
    """Whether a listener got every segment, translated, without a hole and without hearing anything twice."""
    record = listener.record
    due = [number for number in known if number >= record.first_number]
    faults = []
    missing = set(due) - {segment.number for segment in record.segments}
    if not due:
        faults.append("there was none")
    if missing:
        faults.append(f"{_numbers(missing)} of {len(due)} missing")
    if duplicated := count_duplicated(record.segments):
        faults.append(f"{duplicated} say what another one says")
    if untranslated := [each.number for each in record.segments if not each.translated]:
        faults.append(f"{_numbers(untranslated)} not translated")
    if empty := [each.number for each in record.segments if not each.text.strip()]:
        faults.append(f"{_numbers(empty)} without text")
    detail = "; ".join(faults) or f"{len(due)}, none missing, none twice"
    if record.redelivered:
        detail += f"; {record.redelivered} delivered again and dropped"
    return Finding(step=Step.SEGMENTS, passed=not faults, detail=detail, language=record.language)


def check_clips(listener: ListenerEvidence) -> Finding:
    """Whether every segment's clip could be downloaded, is MP3 (24 kHz, mono) and is as long as its text takes."""
    segments, language = listener.record.segments, listener.record.language
    if not listener.is_spoken:
        return Finding(step=Step.CLIPS, passed=True, detail="read only: the language has no voice", language=language)
    faults = [f"segment {each.number} {fault}" for each in segments if (fault := _clip_fault(each)) is not None]
    total_s = sum(each.duration_s for each in segments)
    detail = f"{len(segments)} of MP3, 24 kHz mono, {total_s:.1f} s in all"
    if not segments:
        faults = ["there was none"]
    if faults:
        more = f"; and {len(faults) - _MAX_NAMED} more" if len(faults) > _MAX_NAMED else ""
        detail = "; ".join(faults[:_MAX_NAMED]) + more
    if skipped := listener.record.skipped:
        detail += f"; {skipped} left out to catch up"
    return Finding(step=Step.CLIPS, passed=not faults, detail=detail, language=language)


def check_order(listener: ListenerEvidence) -> Finding:
    """Whether a listener was told of the segments in their order, as they were committed, and of the end last."""
    record, faults = listener.record, []
    if any(later < earlier for earlier, later in zip(listener.arrivals, listener.arrivals[1:], strict=False)):
        faults.append(f"came as {', '.join(map(str, listener.arrivals))}")
    committed = [segment.committed_at_epoch_ms for segment in record.segments]
    if committed != sorted(committed):
        faults.append("committed in another order than numbered")
    if listener.told_after_end:
        faults.append(f"{listener.told_after_end} came after the end")
    if not listener.arrivals:
        faults.append("none came")
    detail = "; ".join(faults) or f"{len(listener.arrivals)} in their order, before the end"
    return Finding(step=Step.ORDER, passed=not faults, detail=detail, language=record.language)


def check_end(evidence: Evidence) -> Finding:
    """Whether everybody was told of the end, and the session is over."""
    faults = []
    if evidence.speaker.end_reason is None:
        faults.append("the speaker was not told")
    faults += [
        f"the listener of {each.record.language} was not told"
        for each in evidence.listeners
        if each.record.end_reason is None
    ]
    if evidence.failure is not None:
        faults.append(evidence.failure)
    if evidence.state_afterwards != "ended":
        faults.append(f"the session is {evidence.state_afterwards}")
    detail = "; ".join(faults) or f"told to the speaker and {len(evidence.listeners)} listeners"
    return Finding(step=Step.END, passed=not faults, detail=detail)


def _clip_fault(segment: HeardSegment) -> str | None:
    if segment.fate is Fate.TEXT_ONLY:
        return "has no clip"
    if segment.clip is None:
        return "has a clip that could not be downloaded or decoded"
    return _sound_fault(segment.clip, announced_s=segment.duration_s, text=segment.text)


def _sound_fault(clip: Path, *, announced_s: float, text: str) -> str | None:
    info = soundfile.info(clip)
    if (info.format, info.samplerate, info.channels) != ("MP3", 24_000, 1):
        return f"is {info.format}, {info.samplerate} Hz, {info.channels} channels"
    if abs(info.duration - announced_s) > _DURATION_TOLERANCE_S:
        return f"lasts {info.duration:.2f} s and was announced as {announced_s:.2f} s"
    slowest, fastest = _CHARACTERS_PER_SECOND
    if len(text) >= _SHORTEST_JUDGED_TEXT and not slowest <= len(text) / info.duration <= fastest:
        return f"says {len(text)} characters in {info.duration:.2f} s"
    return None


def _numbers(numbers: Iterable[int]) -> str:
    """A few numbers, and how many more there are."""
    listed = sorted(numbers)
    more = f" and {len(listed) - _MAX_NAMED} more" if len(listed) > _MAX_NAMED else ""
    return ", ".join(map(str, listed[:_MAX_NAMED])) + more
