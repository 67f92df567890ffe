"""A broadcast as it was: what its speaker and its listeners noted down."""

from dataclasses import dataclass

from local.client.record import ListenerRecord, SourceCaption


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast:
    """One session from its first sample on.

    Attributes:
        audio_path: What was spoken, as the user named it.
        audio_duration_ms: Its length.
        first_sample_at: When its first sample was captured, seconds of the monotonic clock.
        first_sample_epoch_ms: The same moment on the wall clock.
        captions: Final source captions that the speaker saw.
        listeners: Every listener's record; the first of a language stands for it where only one can.
    """

    audio_path: str
    audio_duration_ms: int
    source_language: str
    first_sample_at: float
    first_sample_epoch_ms: int
    captions: tuple[SourceCaption, ...]
    listeners: tuple[ListenerRecord, ...]

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages listened to, in the order of the listeners."""
        return tuple(dict.fromkeys(listener.language for listener in self.listeners))

    def listener_of(self, language: str) -> ListenerRecord:
        """The first listener of a language.

        Raises:
            LookupError: Nobody listened to it.
        """
        for listener in self.listeners:
            if listener.language == language:
                return listener
        raise LookupError(f"nobody listened to {language}")

    def since_start_ms(self, at: float) -> int:
        """A moment of the monotonic clock in milliseconds since the first sample."""
        return round((at - self.first_sample_at) * 1000)
