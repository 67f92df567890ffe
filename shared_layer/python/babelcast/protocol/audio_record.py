"""The binary record in the audio stream; the partition key is the session id.

All integers are big-endian.

=======  ======  ==========================================================================
offset   bytes   field
=======  ======  ==========================================================================
0        2       magic ``BC`` (0x42 0x43)
2        1       version, 1
3        1       kind: 0 audio, 1 pause, 2 resume, 3 end, 4 lost
4        4       chunkIndex, unsigned; 0 for controls
8        8       sampleOffset, unsigned; 0 for controls
16       8       timestamp, unsigned epoch ms: captured (audio) or given (controls)
24       …       audio only: PCM, mono s16le at 16 000 Hz, 20–500 ms
=======  ======  ==========================================================================
"""

import struct
from typing import Final

from babelcast.domain.audio import AudioChunk
from babelcast.domain.errors import InvalidAudioError, InvalidMessageError
from babelcast.domain.stream_record import Control, ControlKind, Payload

MAGIC: Final = b"BC"
VERSION: Final = 1
AUDIO_KIND: Final = 0
_HEADER: Final = struct.Struct(">2sBBIQQ")


def encode_record(payload: Payload) -> bytes:
    """The bytes of a record."""
    match payload:
        case AudioChunk():
            header = _HEADER.pack(
                MAGIC, VERSION, AUDIO_KIND, payload.chunk_index, payload.sample_offset, payload.captured_at_ms
            )
            return header + payload.pcm
        case Control():
            return _HEADER.pack(MAGIC, VERSION, payload.kind, 0, 0, payload.at_ms)


def decode_record(data: bytes) -> Payload:
    """The value of a record.

    Raises:
        InvalidMessageError: Not a record of this version.
        InvalidAudioError: Its audio is not.
    """
    if len(data) < _HEADER.size:
        raise InvalidMessageError(f"a record has at least {_HEADER.size} bytes, not {len(data)}")
    magic, version, kind, chunk_index, sample_offset, timestamp_ms = _HEADER.unpack_from(data)
    if magic != MAGIC or version != VERSION:
        raise InvalidMessageError("not a record of this version")
    body = data[_HEADER.size :]
    if kind == AUDIO_KIND:
        return AudioChunk(
            chunk_index=chunk_index, sample_offset=sample_offset, captured_at_ms=timestamp_ms, pcm=bytes(body)
        )
    if body:
        raise InvalidAudioError("a control record carries no audio")
    if chunk_index or sample_offset:
        raise InvalidMessageError("a control record has no place in the audio")
    try:
        return Control(kind=ControlKind(kind), at_ms=timestamp_ms)
    except ValueError:
        raise InvalidMessageError(f"unknown record kind {kind}") from None
