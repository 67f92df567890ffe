"""PocketSphinx on one clause at a time.

The feature mean, which the model needs to be right, starts from a second of the first clause and then follows the
stream; from the model's own default it would be right only after some ten seconds.
"""

import os
import pickle
import re
from collections.abc import Sequence
from typing import Final

from pocketsphinx import Decoder

from local.engines.endpointing import FRAME_SECONDS
from local.engines.speech import Item

_BLOCK_FRAMES: Final = 10
_PRIMING_FRAMES: Final = 100
_LONGEST_WORD_FRAMES: Final = 30
_LONGEST_PHONE_FRAMES: Final = 20
"""A word is no longer than the former and, for each of its phones, the latter. In a held note the decoder hears words
of two phones that last for seconds; those of speech stay below 25 and 18 for each phone."""

_ALWAYS_CAPITAL: Final = frozenset(
    {"i", "i'm", "i'll", "i've", "i'd"}
    | {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}
    | {"january", "february", "april", "june", "july", "august", "september", "october", "november", "december"}
)


class ClauseDecoder:
    """Takes a stream's clauses one after the other."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._is_primed = False
        self._is_decoding = False
        self._was_primed = False
        self._mean_before = ""
        self._first_frame = 0
        self._audio: list[bytes] = []
        self._fed = 0
        self.is_open = False
        self.is_held = False

    @property
    def length(self) -> int:
        """Frames of the open clause."""
        return len(self._audio)

    def begin(self, first_frame: int, frames: Sequence[bytes], *, is_held: bool) -> None:
        """A clause that starts with these frames, the first of which is the stream's ``first_frame``.

        When it is held, its audio is only kept until it is released.
        """
        self.is_open = True
        self.is_held = is_held
        self._was_primed, self._mean_before = self._is_primed, self._decoder.get_cmn(False)
        self._first_frame = first_frame
        self._audio = list(frames)
        self._fed = 0
        self._decode()

    def feed(self, frame: bytes) -> None:
        """The next frame."""
        self._audio.append(frame)
        self._decode()

    def release(self) -> None:
        """Decode the clause from its beginning on."""
        self.is_held = False
        self._decode()

    def words(self) -> list[Item]:
        """The words so far, as if the clause ended here; none before the decoder has started.

        Ending a clause cannot be undone, so a forked process ends its copy of it.
        """
        if not self._is_decoding:
            return []
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                self._decoder.end_utt()
                with os.fdopen(writer, "wb") as pipe:
                    pickle.dump(self._read_words(), pipe)
            finally:
                os._exit(0)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            words: list[Item] = pickle.load(pipe)
        os.waitpid(child, 0)
        return words

    def end(self) -> list[Item]:
        """Finish the clause: its words for good."""
        return self.end_with_audio()[0]

    def end_with_audio(self) -> tuple[list[Item], list[bytes]]:
        """The same, with the clause's frames."""
        if self.is_held:
            return [], self.forget()
        self._decode(is_last=True)
        self._decoder.end_utt()
        self._is_decoding = self.is_open = False
        audio, self._audio = self._audio, []
        return self._read_words(), audio

    def forget(self) -> list[bytes]:
        """Drop the clause; its frames."""
        if self._is_decoding:
            self._decoder.end_utt()
        self._is_decoding = self.is_open = self.is_held = False
        self.restore_mean()
        audio, self._audio = self._audio, []
        return audio

    def restore_mean(self) -> None:
        """Take the feature mean back to what it was before the last clause."""
        self._is_primed = self._was_primed
        self._decoder.set_cmn(self._mean_before)

    def _decode(self, *, is_last: bool = False) -> None:
        if self.is_held:
            return
        if not self._is_primed:
            if len(self._audio) < _PRIMING_FRAMES and not is_last:
                return
            self._prime()
        if not self._is_decoding:
            self._decoder.start_utt()
            self._is_decoding = True
        while len(self._audio) - self._fed >= _BLOCK_FRAMES or (is_last and self._fed < len(self._audio)):
            block = self._audio[self._fed : self._fed + _BLOCK_FRAMES]
            self._fed += len(block)
            self._decoder.process_raw(b"".join(block))
            self._decoder.get_cmn(True)  # moves the mean to where this clause is

    def _prime(self) -> None:
        self._is_primed = True
        self._decoder.start_utt()
        self._decoder.process_raw(b"".join(self._audio[-_PRIMING_FRAMES:]), no_search=True)
        mean = self._decoder.get_cmn(True)
        self._decoder.end_utt()
        self._decoder.set_cmn(mean)

    def _read_words(self) -> list[Item]:
        words = []
        for segment in self._decoder.seg() or ():
            if segment.word[0] in "<[+":
                continue
            if segment.end_frame - segment.start_frame >= self._longest_frames(segment.word):
                continue
            content = re.sub(r"\(\d+\)$", "", segment.word)
            words.append(
                Item(
                    content=content.capitalize() if content in _ALWAYS_CAPITAL else content,
                    start=round((self._first_frame + segment.start_frame) * FRAME_SECONDS, 3),
                    end=round((self._first_frame + segment.end_frame + 1) * FRAME_SECONDS, 3),
                    confidence=min(1.0, round(float(segment.prob), 4)),
                )
            )
        return words

    def _longest_frames(self, word: str) -> int:
        phones = self._decoder.lookup_word(word) or ""
        return _LONGEST_WORD_FRAMES + _LONGEST_PHONE_FRAMES * len(phones.split())
