"""What cutting speech into shorter clauses costs the translation: each piece translated alone, beside whole sentences.

    make bench-clauses
    python -m benchmarks.clauses --languages es,fr --talks 1

The shorter the clauses, the sooner they are heard, and the less the translator sees around each word::

    whole sentences   Some of the shops have lost customers, and we know how hard that is.
    at most 30 s      Some of the shops have lost customers, │ and we know how hard that is.
    at most 2 s       Some of the shops │ have lost customers, │ and we know │ how hard that is.

A text is spoken at 150 words a minute, with pauses at its marks and breaths within its clauses, several times, each
time with another rhythm. The product's own segmenter cuts what a recogniser says of it while it grows. Every segment
is translated by itself, as live, and the segments of a sentence are joined.

at most        the longest segment (`max_segment_s` of the stage); with 30 s, clauses are cut at their marks alone
words, seconds of a segment, in the mean
< 3 words      segments of one or two words
in a clause    segments that end where there is no mark
requests       to the translator, for a language and a minute of speech; guesses ahead are not counted
es, fr, …      words that differ from the whole sentences' translation (word error rate); case and marks do not count

What it cannot show:

* A difference is not an error. Of two right translations one is counted wrong, and what is wrong with whole sentences
  counts as right.
* Apertium works by rules that look a few words ahead. Amazon Translate's neural networks look at all that they are
  given, so that they have more to lose, above all into languages that order words otherwise (German, Japanese), which
  Apertium does not have here. For them the figures understate what a cut costs.
* The languages are not independent: French and Portuguese are translated through Spanish, Italian through Catalan.
* How a voice sounds that reads a sentence in pieces, and how listeners follow it.
"""

import argparse
import asyncio
import random
import re
import statistics
import sys
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

import jiwer

from benchmarks.capacity.speech import hear
from benchmarks.command_line import write_numbers
from benchmarks.latency.speech import SpokenWord
from benchmarks.tables import markdown_table
from local.engines.apertium import SOURCE, TARGETS, ApertiumTranslator
from local.engines.speech import EngineError
from scripts.make_samples import read_sentences

TEXTS: Final = (Path(__file__).with_name("continuity.txt"), Path(__file__).with_suffix(".txt"))
"""Two talks, of short and of long sentences: 18 words in the mean. Source of what is usual, 14 to 20: N. Tsizhmovska
and L. Martyushev, "Principle of least effort and sentence length in public speaking", Entropy 23(8), 2021."""
MAXIMA_S: Final = (30, 6, 4, 3, 2)
WORDS_PER_MINUTE: Final = 150
"""Pauses included. Source: as `infrastructure.costs.Assumptions`."""
SHORT_WORDS: Final = 3

_SENTENCE_PAUSE_S: Final = (0.6, 1.6)
_MARK_PAUSE_S: Final = (0.2, 0.45)
_BREATH_S: Final = (0.1, 0.35)
_PHRASE_WORDS: Final = (4, 8)
"""Source of these, but for the pause at a mark: as `benchmarks.latency.speech`."""
_LEAST_PHRASE_WORDS: Final = 3
_WAITING_SHARE: Final = 2 / 3
"""Of the breaths within a clause, so many wait for a word that begins a phrase. Assumed."""
_BEGINNING: Final = frozenset(
    "about after although and as at because before between but by for from had has have how if in into is like of on "
    "or so than that to until was were what when where whether which while who whose why with without".split()
)
_EVERY_WORD_LETTERS: Final = 2
"""A word takes as long as its letters and so many more."""

Span = tuple[int, int]
"""Positions of a first word and of the one behind a last among the speech's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """Spoken sentences.

    Attributes:
        words: With the marks behind them.
        sentences: In their order; together they are all words.
    """

    words: tuple[SpokenWord, ...]
    sentences: tuple[Span, ...]

    @property
    def minutes(self) -> float:
        """How long it takes, the pause at its end included."""
        return len(self.words) / WORDS_PER_MINUTE

    def text(self, span: Span) -> str:
        """What is written of a part."""
        return " ".join(word.word for word in self.words[slice(*span)])

    def seconds(self, span: Span) -> float:
        """How long a part takes to say."""
        return (self.words[span[1] - 1].end_ms - self.words[span[0]].start_ms) / 1000

    def segments(self, max_segment_s: float | None) -> tuple[Span, ...]:
        """What the segmenter makes of it; whole sentences without a maximum."""
        if max_segment_s is None:
            return self.sentences
        heard = hear(self.words, max_segment_s=max_segment_s)
        return tuple(clause.words for each in heard for clause in each.clauses)

    def by_sentence(self, segments: Iterable[Span]) -> list[list[str]]:
        """The segments' texts, sentence by sentence; none goes over a sentence's end."""
        starts = [start for start, _ in self.sentences]
        texts: list[list[str]] = [[] for _ in starts]
        for segment in segments:
            texts[bisect_right(starts, segment[0]) - 1].append(self.text(segment))
        return texts


def give_talk(sentences: Iterable[str], *, seed: int) -> Talk:
    """Say all sentences; the same seed has the same rhythm."""
    rng = random.Random(seed)
    said = [sentence.split() for sentence in sentences]
    words = [word for sentence in said for word in sentence]
    pauses = [pause for sentence in said for pause in _pauses(sentence, rng)]
    sizes = [len(word) + _EVERY_WORD_LETTERS for word in words]
    letter_s = (len(words) / WORDS_PER_MINUTE * 60 - sum(pauses)) / sum(sizes)
    spoken, at_s = [], 0.0
    for word, size, pause in zip(words, sizes, pauses, strict=True):
        end_s = at_s + size * letter_s
        spoken.append(SpokenWord(word=word, start_ms=at_s * 1000, end_ms=end_s * 1000))
        at_s = end_s + pause
    ends = list(accumulate(len(sentence) for sentence in said))
    return Talk(words=tuple(spoken), sentences=tuple(zip([0, *ends[:-1]], ends, strict=True)))


def _pauses(sentence: Sequence[str], rng: random.Random) -> list[float]:
    """The silence behind each word, in seconds."""
    pauses: list[float] = []
    begun, wanted, waits = 0, rng.randint(*_PHRASE_WORDS), rng.random() < _WAITING_SHARE
    for end, word in enumerate(sentence[:-1], start=1):
        left = next((count for count, each in enumerate(sentence[end:], start=1) if _is_marked(each)), len(sentence))
        has_come = end - begun >= wanted and (sentence[end] in _BEGINNING or not waits)
        if _is_marked(word) or (has_come and left >= _LEAST_PHRASE_WORDS):
            pauses.append(rng.uniform(*(_MARK_PAUSE_S if _is_marked(word) else _BREATH_S)))
            begun, wanted, waits = end, rng.randint(*_PHRASE_WORDS), rng.random() < _WAITING_SHARE
        else:
            pauses.append(0.0)
    return [*pauses, rng.uniform(*_SENTENCE_PAUSE_S)]


def _is_marked(text: str) -> bool:
    return not text[-1].isalnum()


def word_error_rate(whole: Sequence[str], joined: Sequence[str]) -> float:
    """Words of the second that differ from the first's, for each of the first's; texts side by side, 0.0 and more."""
    return float(jiwer.wer([_plain(text) for text in whole], [_plain(text) for text in joined]))


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


async def _translate(translator: ApertiumTranslator, texts: Iterable[str], target: str) -> dict[str, str]:
    return {text: await translator.translate(text, source=SOURCE, target=target) for text in sorted(set(texts))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A maximum's segments, over all talks, and what they cost.

    Attributes:
        max_segment_s: None for whole sentences.
        words, seconds: Of a segment, in the mean.
        short_share, in_clause_share: Of the segments, 0.0 to 1.0.
        requests_per_minute: For each language.
        word_error_rates: By language.
    """

    max_segment_s: int | None
    words: float
    seconds: float
    short_share: float
    in_clause_share: float
    requests_per_minute: float
    word_error_rates: Mapping[str, float]

    def as_json(self) -> dict[str, Any]:
        """For `write_numbers`."""
        return {
            "maxSegmentS": self.max_segment_s,
            "wordsPerSegment": round(self.words, 2),
            "secondsPerSegment": round(self.seconds, 2),
            "shareBelow3Words": round(self.short_share, 4),
            "shareEndingInAClause": round(self.in_clause_share, 4),
            "requestsPerMinute": round(self.requests_per_minute, 2),
            "wordErrorRates": {each: round(rate, 4) for each, rate in self.word_error_rates.items()},
            "meanWordErrorRate": round(statistics.fmean(self.word_error_rates.values()), 4),
        }


def _row(talks: Sequence[Talk], max_segment_s: int | None, translations: Mapping[str, Mapping[str, str]]) -> Row:
    cut = [(talk, talk.segments(max_segment_s)) for talk in talks]
    spans = [(talk, segment) for talk, segments in cut for segment in segments]
    pieces = [texts for talk, segments in cut for texts in talk.by_sentence(segments)]
    wholes = [texts for talk in talks for (texts,) in talk.by_sentence(talk.sentences)]
    return Row(
        max_segment_s=max_segment_s,
        words=statistics.fmean(end - start for _, (start, end) in spans),
        seconds=statistics.fmean(talk.seconds(segment) for talk, segment in spans),
        short_share=statistics.fmean(end - start < SHORT_WORDS for _, (start, end) in spans),
        in_clause_share=statistics.fmean(not _is_marked(talk.text(segment)) for talk, segment in spans),
        requests_per_minute=len(spans) / sum(talk.minutes for talk in talks),
        word_error_rates={
            target: word_error_rate(
                [translated[whole] for whole in wholes],
                [" ".join(translated[piece] for piece in texts) for texts in pieces],
            )
            for target, translated in translations.items()
        },
    )


async def measure(talks: Sequence[Talk], languages: Sequence[str]) -> list[Row]:
    """A row for whole sentences and one for each maximum.

    Raises:
        EngineError: Apertium broke, or is not installed.
    """
    maxima = (None, *MAXIMA_S)
    texts = {talk.text(segment) for talk in talks for maximum in maxima for segment in talk.segments(maximum)}
    translator = ApertiumTranslator(deadline_seconds=30)
    try:
        translated = await asyncio.gather(*(_translate(translator, texts, target) for target in languages))
    finally:
        await translator.close()
    return [_row(talks, maximum, dict(zip(languages, translated, strict=True))) for maximum in maxima]


def table(rows: Sequence[Row]) -> str:
    """The rows in Markdown."""
    return markdown_table(
        ("at most", "words", "seconds", "< 3 words", "in a clause", "requests", *rows[0].word_error_rates, "mean"),
        [
            (
                "whole sentences" if row.max_segment_s is None else f"{row.max_segment_s} s",
                f"{row.words:.1f}",
                f"{row.seconds:.1f}",
                f"{row.short_share:.1%}",
                f"{row.in_clause_share:.0%}",
                f"{row.requests_per_minute:.1f}",
                *(f"{rate:.1%}" for rate in row.word_error_rates.values()),
                f"{statistics.fmean(row.word_error_rates.values()):.1%}",
            )
            for row in rows
        ],
    )


def _languages(text: str) -> tuple[str, ...]:
    languages = tuple(dict.fromkeys(text.split(",")))
    if not set(languages) <= TARGETS:
        raise argparse.ArgumentTypeError(f"languages are of {', '.join(sorted(TARGETS))}, separated by commas")
    return languages


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.clauses", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--languages", type=_languages, default="es,fr,ca,gl,pt,it", help="(es,fr,ca,gl,pt,it)")
    parser.add_argument("--talks", type=int, choices=range(1, 21), default=5, metavar="1-20", help="rhythms (5)")
    parser.add_argument("--seed", type=int, default=1, help="of the first rhythm (1)")
    parser.add_argument("--text", type=Path, action="append", metavar="TXT", help="a sentence a line (two talks)")
    parser.add_argument("--out", type=Path, metavar="JSON", help="receives the numbers too")
    options = parser.parse_args(arguments)
    try:
        sentences = [sentence for path in options.text or TEXTS for sentence in read_sentences(path)]
        talks = [give_talk(sentences, seed=options.seed + number) for number in range(options.talks)]
        rows = asyncio.run(measure(talks, options.languages))
    except (EngineError, OSError) as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1
    spoken = f"{len(sentences)} sentences, {len(talks[0].words)} words"
    print(f"{spoken}, {talks[0].minutes:.1f} min each of {len(talks)} times, seed {options.seed}\n\n{table(rows)}")
    if options.out is not None:
        size = {"sentences": len(sentences), "words": len(talks[0].words), "talks": len(talks), "seed": options.seed}
        write_numbers(options.out, {**size, "rows": [row.as_json() for row in rows]})
    return 0


if __name__ == "__main__":
    sys.exit(main())
