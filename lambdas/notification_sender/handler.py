"""A chunk of many connections that are to be told the same."""

from typing import Any

from babelcast import wiring
from babelcast.observability import give_up, observed
from babelcast.protocol.notification_chunk import delivery_answer, read_chunk


@observed
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, list[str]]:
    """Post the chunk's message and say whom it did not reach; of the chunk only its session is ever logged."""
    chunk = read_chunk(event)
    try:
        connections = wiring.notification_sending()
        return delivery_answer(wiring.run(connections.post(chunk.connection_ids, chunk.message.encode())))
    except Exception as error:  # noqa: BLE001 - it is raised again, as far as it may be
        give_up(error, session_id=chunk.session_id)
