"""The Segments table: what was said and what was made of it, until it expires."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from babelcast.adapters.aws_client import call, dynamodb_client
from babelcast.domain.languages import LanguageCode
from babelcast.domain.segment import Rendition, Segment, SourceSegment, Unspoken
from babelcast.domain.session import SessionId


class DynamoDbSegments:
    """`babelcast.ports.Segments`."""

    def __init__(self, table_name: str) -> None:
        self._table_name = table_name
        self._client = dynamodb_client()

    async def mark_delivered(self, session_id: SessionId, number: int) -> None:
        """See the port."""
        await call(
            self._client.update_item,
            TableName=self._table_name,
            Key={"sessionId": session_id, "segment": number},
            UpdateExpression="SET delivered = :yes",
            ExpressionAttributeValues={":yes": True},
        )

    async def since(self, session_id: SessionId, number: int, *, limit: int) -> Sequence[Segment]:
        """See the port."""
        return await self._query(session_id, number, limit=limit, ascending=True)

    async def latest(self, session_id: SessionId, *, limit: int, since: int = 0) -> Sequence[Segment]:
        """See the port; what does not fit into one answer of 1 MB is left out."""
        newest_first = await self._query(session_id, since, limit=limit, ascending=False)
        return newest_first[::-1]

    async def _query(self, session_id: SessionId, number: int, *, limit: int, ascending: bool) -> Sequence[Segment]:
        answer = await call(
            self._client.query,
            TableName=self._table_name,
            ConsistentRead=True,
            KeyConditionExpression="sessionId = :session AND #segment >= :number",
            ExpressionAttributeNames={"#segment": "segment"},
            ExpressionAttributeValues={":session": session_id, ":number": number},
            ScanIndexForward=ascending,
            Limit=limit,
        )
        return [_segment(item) for item in answer["Items"]]


def segment_item(segment: Segment, *, expires_at_s: int) -> dict[str, Any]:
    """A segment as it is stored."""
    return {
        "sessionId": segment.session_id,
        "segment": segment.source.number,
        "sourceText": segment.source.text,
        "startSample": segment.source.start_sample,
        "endSample": segment.source.end_sample,
        "spokenAt": segment.spoken_at_ms,
        "committedAt": segment.committed_at_ms,
        "delivered": segment.delivered,
        "languages": {
            code: {
                "text": rendition.text,
                "clipKey": rendition.clip_key,
                "duration": Decimal(str(rendition.duration_s)),
                "translated": rendition.translated,
                "unspoken": rendition.unspoken,
            }
            for code, rendition in segment.renditions.items()
        },
        "expiresAt": expires_at_s,
    }


def _segment(item: Mapping[str, Any]) -> Segment:
    return Segment(
        session_id=SessionId(item["sessionId"]),
        source=SourceSegment(
            number=int(item["segment"]),
            text=item["sourceText"],
            start_sample=int(item["startSample"]),
            end_sample=int(item["endSample"]),
        ),
        spoken_at_ms=int(item["spokenAt"]),
        committed_at_ms=int(item["committedAt"]),
        delivered=bool(item["delivered"]),
        renditions={
            LanguageCode(code): Rendition(
                language=LanguageCode(code),
                text=each["text"],
                clip_key=each["clipKey"],
                duration_s=float(each["duration"]),
                translated=bool(each["translated"]),
                unspoken=Unspoken(each["unspoken"]) if each.get("unspoken") else None,
            )
            for code, each in item["languages"].items()
        },
    )
