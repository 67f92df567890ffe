"""Writes the golden files anew, for a deliberate change of the wire format: python -m tests.contracts.make_golden."""

import json
from pathlib import Path

from babelcast.protocol.audio_record import encode_record
from babelcast.protocol.messages import encode_notice
from tests.contracts.examples import NOTICES, RECORDS

HERE = Path(__file__).parent


def main() -> None:

    notices = {name: json.loads(encode_notice(notice)) for name, notice in NOTICES.items()}
    (HERE / "server_messages.json").write_text(json.dumps(notices, indent=2, ensure_ascii=False) + "\n")
    records = {name: encode_record(payload).hex() for name, payload in RECORDS.items()}
    (HERE / "audio_records.json").write_text(json.dumps(records, indent=2) + "\n")


if __name__ == "__main__":
    main()
