"""A batch of the audio stream. What fails is reported to the event source, which tries it again."""

from typing import Any

from babelcast import wiring
from babelcast.observability import log_failure, meter, observed
from babelcast.protocol.kinesis_event import batch_response, read_batch


@observed
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Process a batch and name the record to start again from, if any."""
    records, bad = read_batch(event)
    if bad:
        # Trying again would not make them readable; they are counted and set aside.
        meter.count("BadRecords", len(bad))
    failures = wiring.run(wiring.audio_processing()(records))
    meter.count("SessionBatchFailures", len(failures))
    sessions = {record.sequence_number: record.session_id for record in records}
    for sequence_number, error in failures.items():
        log_failure(error, sequence_number=sequence_number, session_id=sessions[sequence_number])
    return batch_response(failures)
