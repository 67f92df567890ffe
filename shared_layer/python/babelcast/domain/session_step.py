"""The steps of a session's course, as operators read them."""

from enum import StrEnum


class SessionStep(StrEnum):
    """What happens in a session's life; values are the messages of the log. Source: docs/observability.md."""

    CREATED = "session created"
    CONNECTION_GRANTED = "connection granted"
    CONNECTION_REFUSED = "connection refused"
    CONNECTED = "connected"
    MESSAGE_CARRIED_OUT = "message carried out"
    MESSAGE_REFUSED = "message refused"
    DISCONNECTED = "disconnected"
    ENDING = "session ending"
    RECOGNISER_OPENED = "recogniser opened"
    AUDIO_READ_AGAIN = "audio read again"
    HEARD_AGAIN_LATER = "processing failed, heard again with the next audio"
    GAP_FILLED = "gap filled with silence"
    SPEAKER_LOST = "speaker lost"
    SOUND_WORSE = "sound worse"
    SOUND_BETTER = "sound better"
    SEGMENT_COMMITTED = "segment committed"
    SEGMENT_TOLD = "segment told"
    ENDED = "session ended"
