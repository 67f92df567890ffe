"""Put a speaker's chunk into the stream. The hot path: one write, nothing looked up."""

from dataclasses import dataclass

from babelcast.domain.audio import SAMPLE_RATE_HZ, AudioChunk
from babelcast.domain.caller import Caller
from babelcast.domain.connection import Role
from babelcast.domain.errors import BabelcastError, NotAllowedError
from babelcast.domain.notices import AudioAck
from babelcast.ports import AudioStream, Meter
from babelcast.usecases.limit_messages import LimitMessages


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptAudio:
    """Accept chunks."""

    stream: AudioStream
    limits: LimitMessages
    meter: Meter

    async def __call__(self, caller: Caller, session_id: str, chunk: AudioChunk) -> AudioAck:
        """Acknowledge a chunk once it is durable.

        Raises:
            NotAllowedError: The caller is no speaker, or speaks in another session.
            LimitReachedError: It comes faster than it can have been spoken; the same chunk may be sent again later.
            StorageUnavailableError: The stream did not take it; the same chunk may be sent again.
        """
        caller.require(Role.SPEAKER)
        if session_id != caller.session_id:
            raise NotAllowedError("this connection belongs to another session")
        duration_s = chunk.samples / SAMPLE_RATE_HZ
        self.limits.audio(caller.session_id, duration_s)
        try:
            await self.stream.append(caller.session_id, caller.grant.cell, chunk)
        except BabelcastError:
            # It comes again, and is not to be counted twice.
            self.limits.audio_not_taken(caller.session_id, duration_s)
            raise
        self.meter.count("AudioChunksReceived")
        return AudioAck(chunk_index=chunk.chunk_index)
