"""What hearing and delivering speech takes: the ports, the use cases beneath, and the limits."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from babelcast.domain.audio import SAMPLE_RATE_HZ
from babelcast.domain.segmenter import SegmenterLimits
from babelcast.domain.sound_issue import SoundThresholds
from babelcast.ports import Connections, Cursors, Journal, Meter, Transcriber
from babelcast.usecases.broadcast import Broadcast
from babelcast.usecases.notify_segment import NotifySegment
from babelcast.usecases.render_segment import RenderSegment
from babelcast.usecases.report_status import ReportStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessingLimits:
    """Times and sizes of the streaming core.

    Attributes:
        result_wait_s: After feeding, how long an invocation listens for results before it returns.
        pending_result_wait_s: The same while a sentence is not finished; over as soon as it is. By then the next audio
            is there, for which a session that takes longer no longer holds up the others.
        flush_deadline_s: How long the recogniser may take to finish after the last audio.
        silent_deadline_s: How long finishing what was said may take when audio has stopped coming.
        session_deadline_s: How long one session may take in one invocation, new attempts included.
        retry_pause_s: Before a new attempt with another recogniser; it doubles with each.
        retries_s: How long new attempts begin before the session is given back to the event source.
        end_retries_s: The same when what was said has to be finished and no batch may follow.
        cut_word_samples: A word that ends so close to where a lost speaker's audio ends may have been cut.
        delivery_attempts: How many invocations try to reach a connection that does not answer.
        idle_limit_s: A recogniser that has heard nothing for so long is given up; Transcribe hangs up after 15 s.
        reorder_samples: How much audio waits behind a missing chunk before the gap is filled with silence; more than
            the 5 s after which a speaker's app sends again what was not acknowledged.
        longest_fill_samples: A longer gap is a break in the speech: what was said is finished, nothing is filled.
        silence_step_samples: How much silence lies between two moves of the cursor without a segment.
        silence_margin_samples: Audio that is kept uncommitted because a word may have begun in it.
        fed_at_once_samples: Audio per send while filling or replaying.
        feeding_speed: Audio is fed at most so many times faster than it was spoken; Transcribe asks for real time.
        feeding_burst_s: So much audio at once, which covers a batch, is not held back.
        draft_after_quiet_samples: When the speaker has been quiet for so long, what will probably be committed is
            translated and spoken ahead of its time; None for never.
        draft_tolerance_samples: The recogniser knows the last word if it ends so close to where the quiet begins.
        partial_interval_s: Captions that may still change are sent at most so often.
        trouble_interval_s: The speaker is told at most so often that recognition is in trouble.
        longest_breath_samples: Of the time before a segment, so much counts as the speaker's time for it.
        segments: How long and how short a segment may be.
        sound: What the speaker is told of their sound.
        redelivery_depth: How many of the latest segments are looked at for one that was not delivered.
        spoken_languages: So many languages of a session are spoken at most, those with the most listeners.
    """

    result_wait_s: float = 0.35
    pending_result_wait_s: float = 0.8
    flush_deadline_s: float = 10.0
    silent_deadline_s: float = 4.0
    session_deadline_s: float = 35.0
    retry_pause_s: float = 0.25
    retries_s: float = 2.0
    end_retries_s: float = 15.0
    cut_word_samples: int = SAMPLE_RATE_HZ // 4
    delivery_attempts: int = 3
    idle_limit_s: float = 12.0
    reorder_samples: int = SAMPLE_RATE_HZ * 7
    longest_fill_samples: int = SAMPLE_RATE_HZ * 10
    silence_step_samples: int = SAMPLE_RATE_HZ * 10
    silence_margin_samples: int = SAMPLE_RATE_HZ * 3
    fed_at_once_samples: int = SAMPLE_RATE_HZ // 2
    feeding_speed: float = 8.0
    feeding_burst_s: float = 6.0
    draft_after_quiet_samples: int | None = SAMPLE_RATE_HZ * 3 // 10
    draft_tolerance_samples: int = SAMPLE_RATE_HZ // 5
    redelivery_depth: int = 5
    spoken_languages: int = 12
    partial_interval_s: float = 0.5
    trouble_interval_s: float = 10.0
    longest_breath_samples: int = SAMPLE_RATE_HZ
    segments: SegmenterLimits = field(default_factory=SegmenterLimits)
    sound: SoundThresholds = field(default_factory=SoundThresholds)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechTools:
    """What hearing and delivering one session's speech takes.

    Attributes:
        has_room: Whether the quotas leave room for translations and clips that may be thrown away.
    """

    cursors: Cursors
    connections: Connections
    transcriber: Transcriber
    render: RenderSegment
    notify: NotifySegment
    broadcast: Broadcast
    status: ReportStatus
    meter: Meter
    journal: Journal
    limits: ProcessingLimits
    has_room: Callable[[], bool]
    now_ms: Callable[[], int]
    monotonic_s: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
