"""What the benchmark of clauses says, cuts and compares; and a short run of it with Apertium's real programs."""

import itertools
import json
from pathlib import Path

import pytest

from benchmarks.capacity.speech import hear
from benchmarks.clauses import MAXIMA_S, TEXTS, Talk, give_talk, main, word_error_rate
from benchmarks.latency.speech import SpokenWord
from scripts.make_samples import read_sentences

SENTENCES = tuple(sentence for path in TEXTS for sentence in read_sentences(path))


@pytest.fixture(scope="module")
def talk() -> Talk:
    return give_talk(SENTENCES, seed=3)


def test_a_talk_has_its_text_at_150_words_a_minute(talk: Talk) -> None:
    assert [talk.text(sentence) for sentence in talk.sentences] == [" ".join(each.split()) for each in SENTENCES]
    without_last_pause_ms = talk.words[-1].end_ms - talk.words[0].start_ms
    assert 600 <= len(talk.words) * 400 - without_last_pause_ms <= 1600
    assert all(word.end_ms - word.start_ms > 100 for word in talk.words)


def test_only_sentences_are_followed_by_pauses_that_end_a_result(talk: Talk) -> None:
    pauses_ms = {
        end: after.start_ms - word.end_ms for end, (word, after) in enumerate(itertools.pairwise(talk.words), 1)
    }
    ends = {end for _, end in talk.sentences[:-1]}

    assert {end for end, pause_ms in pauses_ms.items() if pause_ms >= 500} == ends
    marked = {end for end in pauses_ms if talk.words[end - 1].word[-1] == ","}
    assert all(pauses_ms[end] >= 199 for end in marked)
    breaths = {end for end, pause_ms in pauses_ms.items() if pause_ms >= 99} - ends - marked
    assert len(breaths) > len(SENTENCES) / 2


def test_a_seed_has_its_rhythm(talk: Talk) -> None:
    assert give_talk(SENTENCES, seed=3) == talk
    assert give_talk(SENTENCES, seed=4).words != talk.words


@pytest.mark.parametrize("maximum_s", [None, *MAXIMA_S])
def test_every_word_is_in_one_segment_of_its_own_sentence(talk: Talk, maximum_s: int | None) -> None:
    segments = talk.segments(maximum_s)

    assert [index for segment in segments for index in range(*segment)] == list(range(len(talk.words)))
    assert [" ".join(texts) for texts in talk.by_sentence(segments)] == [talk.text(each) for each in talk.sentences]


def test_a_shorter_maximum_cuts_shorter(talk: Talk) -> None:
    counts = [len(talk.segments(maximum)) for maximum in (None, *MAXIMA_S)]

    assert counts == sorted(set(counts))


def test_a_recogniser_says_marks_with_their_words() -> None:
    said = "we know it, and they do. they know it too".split()
    words = [
        SpokenWord(word=word, start_ms=index * 400.0, end_ms=index * 400.0 + 300) for index, word in enumerate(said)
    ]

    clauses = [clause.words for each in hear(words, max_segment_s=30) for clause in each.clauses]

    assert clauses == [(0, 3), (3, 6), (6, 10)]


@pytest.mark.parametrize(
    ("whole", "joined", "rate"),
    [
        (["La casa blanca, sí."], ["la casa Blanca sí"], 0.0),
        (["La casa es grande.", "Sí."], ["La casa está grande.", "Sí."], 1 / 5),
        (["Où est-il ?"], ["où est il"], 0.0),
        (["Il va à Nice."], ["Il va a Nice."], 1 / 4),
        (["Va à"], ["va a"], 1 / 2),
    ],
)
def test_words_are_compared_and_not_case_or_marks(whole: list[str], joined: list[str], rate: float) -> None:
    assert word_error_rate(whole, joined) == pytest.approx(rate)


def test_a_run_has_a_row_for_whole_sentences_and_each_maximum(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, out = tmp_path / "talk.txt", tmp_path / "numbers" / "clauses.json"
    text.write_text("\n".join(SENTENCES[-12:]), encoding="utf-8")

    assert main(["--languages", "es", "--talks", "1", "--text", str(text), "--out", str(out)]) == 0

    numbers = json.loads(out.read_text())
    rows = numbers["rows"]
    assert [row["maxSegmentS"] for row in rows] == [None, *MAXIMA_S]
    assert (numbers["sentences"], rows[0]["wordErrorRates"], rows[0]["shareEndingInAClause"]) == (12, {"es": 0.0}, 0.0)
    assert rows[-1]["meanWordErrorRate"] > rows[1]["meanWordErrorRate"]
    minutes = numbers["words"] / 150
    assert rows[0]["requestsPerMinute"] == pytest.approx(12 / minutes, abs=0.01)
    assert rows[0]["wordsPerSegment"] == pytest.approx(numbers["words"] / 12, abs=0.01)
    assert "| whole sentences |" in capsys.readouterr().out


def test_an_unknown_language_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--languages", "es,de"])
    assert "languages are of ca, es" in capsys.readouterr().err
