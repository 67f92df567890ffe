"""A talk in the tone language, given slowly or fast, and a voice that takes as long for a translation as voices do.

A tone word is always 200 ms long, as it is told by that. What a faster speaker says faster is everything else: the
silence between words, breaths and pauses. At rate 1.0 a word begins every 390 ms, which with pauses is 117 words a
minute, at 1.5 every 260 ms, which is the tone language's own pace and 175 words a minute. Interpreters ask speakers for
100 to 120 words a minute; talks have 150 (`infrastructure.costs.Assumptions`).

The voice begins a word every 430 ms, whoever speaks: at rate 1.0 it has to say a tenth more than the speaker, and has
the speaker's pauses for it. Assumed: translations from English are longer, and languages with quicker syllables say
less with each. Source of the latter: F. Pellegrino, C. Coupé and E. Marsico, "A cross-language perspective on speech
information rate", Language 87(3), 2011.
"""

import random
from typing import Final

from benchmarks.latency.speech import Speech, SpokenWord, natural_phrases
from local.engines.speech import RECOGNISER_RATE_HZ
from local.engines.tone_alphabet import GAP_SECONDS, WORD_SECONDS, silence, speak_tones

FASTEST: Final = 1.5
"""Beyond it, the tone language's words touch each other."""
VOICE_WORD_MS: Final = 430
"""From one word of the voice to the next, when it is not asked to be quicker."""
_WORD_S: Final = FASTEST * (WORD_SECONDS + GAP_SECONDS)
"""From one word to the next at rate 1.0."""
_BREATH_S: Final = (0.1, 0.25)
_MARGIN_S: Final = 1.0


def give_talk(seconds: float, *, rate: float, seed: int) -> Speech:
    """About so many seconds of it; the same seed says the same, at every rate.

    Args:
        seconds: Its length, whatever the rate.
        rate: 0.5 to 1.5 times the usual one.
        seed: Of words and pauses.

    Raises:
        ValueError: The rate is not one of those.
    """
    if not 0.5 <= rate <= FASTEST:
        raise ValueError(f"the rate is 0.5 to {FASTEST}")
    # Never below the language's own gap, which the division may miss by a hair.
    gap_s = max(0.0, round(_WORD_S / rate - WORD_SECONDS - GAP_SECONDS, 4))
    between = silence(gap_s, RECOGNISER_RATE_HZ)
    pcm, words = bytearray(), []
    for phrase, pause_s in natural_phrases(random.Random(seed), breath_s=_BREATH_S):
        for word in phrase:
            start_ms = len(pcm) / 2 / RECOGNISER_RATE_HZ * 1000
            words.append(SpokenWord(word=word, start_ms=start_ms, end_ms=start_ms + WORD_SECONDS * 1000))
            pcm += speak_tones((word,)) + between
        pcm += silence(round(pause_s / rate, 4), RECOGNISER_RATE_HZ)
        if len(pcm) >= (seconds - _MARGIN_S) * RECOGNISER_RATE_HZ * 2:
            break
    return Speech(pcm=bytes(pcm + silence(_MARGIN_S, RECOGNISER_RATE_HZ)), words=tuple(words))
