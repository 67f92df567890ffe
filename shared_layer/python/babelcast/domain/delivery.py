"""What became of one message that was posted to many connections."""

from dataclasses import dataclass

from babelcast.domain.connection import ConnectionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Those that a message did not reach, each in one of the sets; all others have it.

    Attributes:
        gone: Connections that no longer exist.
        refused: They exist and will never take this message.
        late: They may exist; posting took too long.
        failed: They may exist; posting failed, or there was no time left for it.
    """

    gone: frozenset[ConnectionId] = frozenset()
    refused: frozenset[ConnectionId] = frozenset()
    late: frozenset[ConnectionId] = frozenset()
    failed: frozenset[ConnectionId] = frozenset()

    def __or__(self, other: "Delivery") -> "Delivery":
        """Both together, to different connections."""
        return Delivery(
            gone=self.gone | other.gone,
            refused=self.refused | other.refused,
            late=self.late | other.late,
            failed=self.failed | other.failed,
        )
