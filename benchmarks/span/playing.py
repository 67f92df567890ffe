"""What a listener hears when: by Babelcast's own player, and by a list of audio elements played one after another."""

import io
import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import soundfile

from local.engines.tone_hearing import BROKEN_MARK, HeardWord, hear_words
from local.errors import UserError
from local.supervision import PROJECT_ROOT

_FRONTEND: Final = PROJECT_ROOT / "frontend"
_SCRIPT: Final = (
    'import { runnerImport } from "vite";'
    'const { module } = await runnerImport("./tools/heard-clips.ts");'
    "await module.main();"
)
_TOLD_CHARACTERS: Final = 600
_EPOCH_MS: Final = 1_800_000_000_000
"""Any moment; the player's clock has the origin of epochs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToneWordHeard:
    """A word of a clip by its sound, in seconds since the clip's beginning at tempo 1.

    Attributes:
        content: In English; with the tone language's mark, or the word for what is no word, when it is broken.
    """

    content: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivedClip:
    """A clip at a listener; moments are seconds since the talk's first sample.

    Attributes:
        number: In the order of the speech.
        spoken_s: The stretch of speech that it is said to translate.
        told_at: When its message had come.
        ready_at: When all of it had been downloaded; None when it could not be had.
        committed_at: When the server had finished it.
        duration_s: At tempo 1.
    """

    number: int
    spoken_s: tuple[float, float]
    told_at: float
    ready_at: float | None
    committed_at: float
    duration_s: float
    words: tuple[ToneWordHeard, ...]


def words_by_ear(mp3: bytes) -> tuple[ToneWordHeard, ...]:
    """The words of a clip, by the sound of its MP3."""
    samples, rate_hz = soundfile.read(io.BytesIO(mp3), dtype="int16")
    return tuple(
        ToneWordHeard(content=_in_english(each), start_s=each.start, end_s=each.end)
        for each in hear_words(samples.tobytes(), rate_hz)
    )


def _in_english(heard: HeardWord) -> str:
    return f"{heard.word.word if heard.word else ''}{'' if heard.is_whole else BROKEN_MARK}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedClip:
    """A clip that sounded from `started_at` on, `tempo` times as fast as it is."""

    clip: ArrivedClip
    started_at: float
    tempo: float = 1.0

    @property
    def ended_at(self) -> float:
        """When it had been heard."""
        return self.started_at + self.clip.duration_s / self.tempo


@dataclass(frozen=True, slots=True, kw_only=True)
class Playing:
    """Everything that was heard.

    Attributes:
        clips: In the order in which they sounded.
        skipped_s: Speech that was left out to catch up, at tempo 1.
    """

    clips: tuple[PlayedClip, ...]
    skipped_s: float = 0.0


class PlayerMissingError(UserError):
    """The listeners' player cannot be run here."""


def play_as_app(arrived: Sequence[ArrivedClip]) -> Playing:
    """By the player of the listeners' app: `frontend/tools/heard-clips.ts` runs it on the moments of arrival.

    Raises:
        PlayerMissingError: There is no Node.js, or the frontend's packages are not installed.
    """
    if not arrived:
        return Playing(clips=())
    clips = [
        {
            "number": each.number,
            "receivedAt": _epoch_ms(each.told_at),
            "readyAt": None if each.ready_at is None else _epoch_ms(each.ready_at),
            "durationS": each.duration_s,
            "committedAt": _epoch_ms(each.committed_at),
        }
        for each in arrived
    ]
    heard = _run_player(json.dumps({"first": min(each.number for each in arrived), "clips": clips}))
    by_number = {each.number: each for each in arrived}
    return Playing(
        clips=tuple(
            PlayedClip(
                clip=by_number[int(each["number"])],
                started_at=(each["startedAt"] - _EPOCH_MS) / 1000,
                tempo=each["tempo"],
            )
            for each in heard["clips"]
        ),
        skipped_s=sum(each["seconds"] for each in heard["skips"]),
    )


def _run_player(listening: str) -> dict[str, list[dict[str, float]]]:
    try:
        done = subprocess.run(
            ["node", "--no-warnings", "--input-type=module", "--eval", _SCRIPT],
            cwd=_FRONTEND,
            input=listening,
            capture_output=True,
            text=True,
            check=True,
        )
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        told = getattr(error, "stderr", None) or str(error)
        raise PlayerMissingError(
            f"the listeners' player did not run (make setup frontend): {told.strip()[:_TOLD_CHARACTERS]}"
        ) from None
    heard: dict[str, list[dict[str, float]]] = json.loads(done.stdout)
    return heard


def _epoch_ms(moment_s: float) -> float:
    return _EPOCH_MS + moment_s * 1000
