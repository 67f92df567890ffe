"""`python -m local.event_source --config FILE`: feeds functions from streams until it is terminated.

The file is an `EventSourceConfiguration` as JSON. Ready line: `{"mappings": 1, "shards": 1, "control":
"http://127.0.0.1:PORT"}`, of which the last is `local.event_source.control`; positions are taken before it, so that
nothing put afterwards is missed. With a directory for positions, each shard goes on where an earlier process was.
"""

import argparse
import asyncio
import json
import logging
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

import aiohttp
import msgspec
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local.event_source.configuration import EventSourceConfiguration, Mapping
from local.event_source.control import DELIVERED_TWICE, DeliveryFaults, control_app
from local.event_source.delivery import BatchDelivery
from local.event_source.outcome import Done, Failed, Outcome, Throttled, reported_outcome
from local.event_source.positions import ShardPosition
from local.event_source.records import StreamRecord, kinesis_event
from local.event_source.shard_reader import FetchRecords, ShardReader
from local.loopback import serve_on_loopback
from local.process import announce_ready, end_with_parent, until_terminated
from local.provision import AwsServer

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_sqs import SQSClient

_log = logging.getLogger("local.event_source")
_MAX_RECORDS: Final = 10_000  # Source: Kinesis GetRecords


class EventSource:
    """All mappings of a configuration."""

    def __init__(
        self,
        configuration: EventSourceConfiguration,
        *,
        kinesis: "KinesisClient",
        sqs: "SQSClient",
        session: aiohttp.ClientSession,
        faults: DeliveryFaults,
    ) -> None:
        self._configuration = configuration
        self._kinesis = kinesis
        self._sqs = sqs
        self._session = session
        self._faults = faults

    async def readers(self) -> list[ShardReader]:
        """One reader per shard of each mapping; their positions are taken."""
        readers = []
        for mapping in self._configuration.mappings:
            shards = await asyncio.to_thread(self._kinesis.list_shards, StreamName=mapping.stream_name)
            readers += [await self._reader(mapping, shard["ShardId"]) for shard in shards["Shards"]]
        return readers

    async def _reader(self, mapping: Mapping, shard_id: str) -> ShardReader:
        polling = self._configuration.polling
        position = self._position(mapping, shard_id)
        delivery = BatchDelivery(
            mapping,
            polling,
            shard_id=shard_id,
            invoke=lambda records: self._invoke(mapping, shard_id, records),
            send_failure=lambda message: self._send_failure(mapping, message),
        )
        return ShardReader(
            mapping,
            polling,
            fetch=await self._fetcher(mapping, shard_id, position),
            position=position,
            deliveries=[delivery] * mapping.parallelization_factor,
        )

    def _position(self, mapping: Mapping, shard_id: str) -> ShardPosition:
        directory = self._configuration.positions_directory
        return ShardPosition(None if directory is None else Path(directory) / f"{mapping.name}-{shard_id}.json")

    async def _fetcher(self, mapping: Mapping, shard_id: str, position: ShardPosition) -> FetchRecords:
        answer = await asyncio.to_thread(
            self._kinesis.get_shard_iterator,
            StreamName=mapping.stream_name,
            ShardId=shard_id,
            **position.iterator(mapping.starting_position, now=time.time()),
        )
        iterator = answer["ShardIterator"]

        async def fetch() -> Sequence[StreamRecord]:
            nonlocal iterator
            try:
                answer = await asyncio.to_thread(self._kinesis.get_records, ShardIterator=iterator, Limit=_MAX_RECORDS)
            except (BotoCoreError, ClientError) as error:
                # The iterator stays where it is: the next poll reads what this one should have.
                _log.warning("%s: cannot read %s: %s", mapping.name, shard_id, error)
                return ()
            iterator = answer["NextShardIterator"]
            return [
                StreamRecord(
                    partition_key=record["PartitionKey"],
                    sequence_number=record["SequenceNumber"],
                    data=record["Data"],
                    arrived_at=record["ApproximateArrivalTimestamp"].timestamp(),
                )
                for record in answer["Records"]
            ]

        return fetch

    async def _invoke(self, mapping: Mapping, shard_id: str, records: Sequence[StreamRecord]) -> Outcome:
        outcome = await self._invoke_once(mapping, shard_id, records)
        if isinstance(outcome, Done) and self._faults.takes_redelivery():
            _log.warning("%s: the same %d %s", mapping.name, len(records), DELIVERED_TWICE)
            return await self._invoke_once(mapping, shard_id, records)
        return outcome

    async def _invoke_once(self, mapping: Mapping, shard_id: str, records: Sequence[StreamRecord]) -> Outcome:
        event = kinesis_event(records, shard_id=shard_id, event_source_arn=mapping.event_source_arn)
        oldest_seconds = time.time() - records[0].arrived_at
        began = time.monotonic()
        outcome = await self._outcome(mapping, json.dumps(event).encode(), records)
        _log.info(
            "%s: %d records, oldest %d ms, took %d ms: %s",
            mapping.name,
            len(records),
            oldest_seconds * 1000,
            (time.monotonic() - began) * 1000,
            outcome,
        )
        return outcome

    async def _outcome(self, mapping: Mapping, event: bytes, records: Sequence[StreamRecord]) -> Outcome:
        url = f"{self._configuration.lambda_url}/2015-03-31/functions/{mapping.function}/invocations"
        try:
            async with self._session.post(url, data=event) as response:
                payload = await response.read()
        except aiohttp.ClientError as error:
            _log.warning("%s: the function cannot be reached: %s", mapping.name, type(error).__name__)
            return Throttled()
        if response.status != 200:
            return Throttled()
        if "X-Amz-Function-Error" in response.headers:
            return Failed(function_error=response.headers["X-Amz-Function-Error"])
        return reported_outcome(payload, records) if mapping.reports_batch_item_failures else Done()

    async def _send_failure(self, mapping: Mapping, message: str) -> None:
        assert mapping.failure_queue_url is not None
        await asyncio.to_thread(self._sqs.send_message, QueueUrl=mapping.failure_queue_url, MessageBody=message)


async def serve(configuration: EventSourceConfiguration, *, control_port: int) -> None:
    """Feed the functions until terminated."""
    # A read is tried again by the next poll, at the poll's own pace.
    once = Config(retries={"total_max_attempts": 1})
    with_retries = Config(retries={"max_attempts": 5, "mode": "standard"})
    server = AwsServer(endpoint_url=configuration.aws_endpoint_url, region=configuration.region)
    faults = DeliveryFaults()
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=None))
        )
        source = EventSource(
            configuration,
            kinesis=server.client("kinesis", once),
            sqs=server.client("sqs", with_retries),
            session=session,
            faults=faults,
        )
        readers = await source.readers()
        control_url = await serve_on_loopback(stack, control_app(faults), port=control_port)
        reading = [asyncio.create_task(reader.run()) for reader in readers]
        announce_ready({"mappings": len(configuration.mappings), "shards": len(readers), "control": control_url})
        terminated = asyncio.create_task(until_terminated())
        await asyncio.wait((terminated, *reading), return_when=asyncio.FIRST_COMPLETED)
        for task in reading:
            if task.done():
                task.result()
            task.cancel()


def main() -> None:
    """Read the options and serve."""
    end_with_parent()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, required=True, help="an EventSourceConfiguration as JSON")
    parser.add_argument("--control-port", type=int, default=0, help="0 takes a free one")
    options = parser.parse_args()
    configuration = msgspec.json.decode(options.config.read_bytes(), type=EventSourceConfiguration)
    asyncio.run(serve(configuration, control_port=options.control_port))


if __name__ == "__main__":
    main()
