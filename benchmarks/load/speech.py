"""Speech that is made and encoded before anybody speaks, so that speaking costs the load generator next to nothing."""

import base64
import random
from dataclasses import dataclass
from typing import Final

from benchmarks.soak.running import make_script, say, words_of

SAMPLE_RATE_HZ: Final = 16_000
CHUNK_S: Final = 0.25
CHUNK_SAMPLES: Final = round(SAMPLE_RATE_HZ * CHUNK_S)
_LONGEST_ROUND_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """What a speaker says: rounds of the same sentences, one after the other without end.

    Attributes:
        words: Of one round.
        chunks: The round's audio in base64, 250 ms each. It ends with a pause, so that no sentence spans two rounds.
    """

    words: tuple[str, ...]
    chunks: tuple[str, ...]

    @property
    def round_s(self) -> float:
        """How long a round takes, in seconds."""
        return len(self.chunks) * CHUNK_S

    def rounds(self, seconds: float) -> int:
        """Whole rounds that take at least so long; one at least."""
        return max(1, -int(-seconds // self.round_s))

    def message(self, session_id: str, index: int, captured_at_ms: int) -> str:
        """The ``audioChunk`` message of a chunk, counted over all rounds."""
        return (
            f'{{"action":"audioChunk","sessionId":"{session_id}","chunkIndex":{index},'
            f'"sampleOffset":{index * CHUNK_SAMPLES},"format":"pcm_s16le","sampleRate":{SAMPLE_RATE_HZ},'
            f'"timestamp":{captured_at_ms},"audioData":"{self.chunks[index % len(self.chunks)]}"}}'
        )


def make_programme(seconds: float, chance: random.Random) -> Programme:
    """A programme whose round takes about so long, and about a minute at the most."""
    script = make_script(min(seconds, _LONGEST_ROUND_S), chance)
    pcm = say(script)
    size = 2 * CHUNK_SAMPLES
    pcm += bytes(-len(pcm) % size)
    return Programme(
        words=words_of(script),
        chunks=tuple(base64.b64encode(pcm[at : at + size]).decode() for at in range(0, len(pcm), size)),
    )
