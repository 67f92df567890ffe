"""What the adapters call against what the functions together are granted, store by store."""

import re
from pathlib import Path

import pytest

from babelcast import adapters
from tests.infrastructure.templates import SynthesizedStage

ADAPTERS = Path(adapters.__path__[0])

STORES = {
    "<Sessions.Arn>": ("dynamodb", "dynamodb/sessions.py", {"transact_write_items": "UpdateItem"}),
    "<Connections.Arn>": ("dynamodb", "dynamodb/connections.py", {}),
    "<Segments.Arn>": ("dynamodb", "dynamodb/segments.py", {"": "PutItem"}),
    "<RateLimits.Arn>": ("dynamodb", "dynamodb/capacity.py", {}),
    "<AudioStream0.Arn>": ("kinesis", "kinesis.py", {}),
    "<AudioBucket.Arn>/sessions/*": ("s3", "s3.py", {"generate_presigned_url": "GetObject"}),
}
"""By resource: the service, the adapter's module, and operations that need a permission of another name.

A transaction needs the permissions of its parts: the one in the sessions' module updates a session and puts a segment.
"""

OF_THE_EVENT_SOURCE = {"kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:ListShards"}
"""Lambda itself uses these to read the stream on the function's behalf."""


def _called(module: str, others: dict[str, str], service: str) -> set[str]:
    operations = re.findall(r"_client(?:\(\))?\.(\w+)", (ADAPTERS / module).read_text())
    names = {others.get(each, each.title().replace("_", "")) for each in operations}
    return {f"{service}:{name}" for name in names | ({others[""]} if "" in others else set())}


@pytest.mark.parametrize("resource", STORES)
def test_the_functions_are_granted_what_the_adapters_call(resource: str, dev: SynthesizedStage) -> None:
    service, module, others = STORES[resource]
    index = f"{resource}/index/SessionLanguageIndex"
    granted = {
        action
        for functions in dev.every_function().values()
        for function in functions
        for action, granted_on in dev.statements(function)
        if granted_on in (resource, index)
    }

    assert granted - OF_THE_EVENT_SOURCE == _called(module, others, service)
