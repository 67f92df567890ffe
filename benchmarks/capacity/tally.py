"""What happened in a run of the model, counted."""

from dataclasses import dataclass, field

from babelcast.domain.languages import LanguageCode
from benchmarks.capacity.speech import Clause


@dataclass(slots=True, kw_only=True)
class Telling:
    """One notice on its way to many.

    Attributes:
        receivers: Who is to be told.
        reached: When how many were.
        unreached: Who were not, and the caller knows.
        unanswered: Who may have been, but the caller does not know and tells them again.
    """

    receivers: int
    reached: list[tuple[float, int]] = field(default_factory=list)
    unreached: int = 0
    unanswered: int = 0

    def told_at(self, rank: float) -> float | None:
        """When somebody was told.

        Args:
            rank: 0 to below 1; the order in which connections are told is theirs by chance.
        """
        left = rank * self.receivers
        for at, count in self.reached:
            if left < count:
                return at
            left -= count
        return None


@dataclass(slots=True, kw_only=True)
class Delivered:
    """A clause in one language, and everybody who was told of it.

    Attributes:
        is_spoken: It has a clip.
        tellings: The first one, and those to whoever was not reached.
    """

    session: int
    clause: Clause
    language: LanguageCode
    is_spoken: bool
    committed_at: float
    tellings: list[Telling] = field(default_factory=list)

    @property
    def missed(self) -> int:
        """Listeners who were not told and have to ask for it.

        Who was told without the caller's knowing is told again, and is not missing whatever becomes of that.
        """
        return min((each.unreached for each in self.tellings), default=0)


@dataclass(slots=True, kw_only=True)
class Tally:
    """Everything counted.

    Attributes:
        chunks, chunks_put, chunks_taken: Spoken, in the stream, and in a batch.
        chunks_too_old: Given up because of their age.
        chunks_delayed: Held up by what a shard takes.
        waiting_chunk_s: How long all chunks together were in the stream until a batch took them.
        waiting_area: How many were there, times how long.
        invocations, invocation_s: Of the cells, and how long they ran.
        oldest_s: The oldest record of any batch.
        clauses, renditions: Committed; and those in each of their languages.
        neural, standard, over_quota, at_capacity, voiceless: What became of the renditions: spoken by the better
            engine, by the plainer one in its place or because a language has no other; not spoken because neither had
            room, because the session has enough others, or because the language has no voice.
        drafts_begun, drafts_used: Renditions begun ahead, and how many of them were right.
        partials: Captions that may still change.
        posts, posts_throttled: Messages to connections that API Gateway took, and refused.
        sender_invocations, senders_throttled, sender_s: Of `notification_sender`.
        senders_at_once: The most.
        delivered: Each rendition with its listeners.
    """

    chunks: int = 0
    chunks_put: int = 0
    chunks_taken: int = 0
    chunks_too_old: int = 0
    chunks_delayed: int = 0
    waiting_chunk_s: float = 0.0
    waiting_area: float = 0.0
    invocations: int = 0
    invocation_s: float = 0.0
    oldest_s: float = 0.0
    clauses: int = 0
    renditions: int = 0
    neural: int = 0
    standard: int = 0
    over_quota: int = 0
    at_capacity: int = 0
    voiceless: int = 0
    drafts_begun: int = 0
    drafts_used: int = 0
    partials: int = 0
    posts: int = 0
    posts_throttled: int = 0
    sender_invocations: int = 0
    senders_throttled: int = 0
    sender_s: float = 0.0
    senders_at_once: int = 0
    delivered: list[Delivered] = field(default_factory=list)
