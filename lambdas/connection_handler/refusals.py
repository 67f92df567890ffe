"""What is counted and logged of messages that are refused."""

from babelcast.domain.caller import Caller
from babelcast.domain.errors import BabelcastError, LimitReachedError, RoomFullError
from babelcast.domain.session_step import SessionStep
from babelcast.observability import journal, log_failure, meter


def note_refusal(caller: Caller, route: str, error: BabelcastError) -> None:
    """Count a refusal; what has failed on our side, or the sender may not do, has a line besides."""
    # A line for each of these would be one more thing to flood.
    if isinstance(error, LimitReachedError):
        # Counted where it arises.
        return
    if isinstance(error, RoomFullError):
        meter.count("ListenersRefusedAtCapacity")
        return
    meter.count("MessagesFailed" if error.retryable else "MessagesRefused")
    if error.retryable:
        log_failure(error, session_id=caller.session_id)
    else:
        journal.note_caller(SessionStep.MESSAGE_REFUSED, caller, action=route, code=error.code)
