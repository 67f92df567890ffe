"""What moto does for short tests, and what a server that runs for hours cannot afford.

* moto keeps every object that it has ever made, for its own interface, which is not served here: each stream record
  that was dropped, each copy of a row.
* Before each DynamoDB transaction it copies all rows of the tables, so that it can go back. Here the rows are copied
  that the transaction names, and the others are remembered.
"""

import copy
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from moto.core.common_models import BaseModel
from moto.dynamodb import models
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table

_ORIGINAL_TRANSACTION: Final = DynamoDBBackend.transact_write_items


def economise() -> None:
    """Change moto in this process; to be called before it serves anything, once or more often."""
    BaseModel.__new__ = _untracked  # type: ignore[method-assign]
    models.copy = _Copying  # type: ignore[assignment, attr-defined]
    DynamoDBBackend.transact_write_items = _transact  # type: ignore[assignment, method-assign]


def _untracked(cls: type[BaseModel], *_arguments: Any, **_named: Any) -> BaseModel:
    return object.__new__(cls)


class _Copying:
    """In place of the module `copy`, where DynamoDB's tables and rows are copied."""

    rows: Sequence[tuple[str, Any, Any]] = ()
    """Table, hash key and range key of the rows that the present transaction changes."""

    @classmethod
    def deepcopy(cls, original: Any) -> Any:
        """A copy that changes of the present transaction do not reach."""
        return _snapshot(original, cls.rows) if isinstance(original, Table) else copy.deepcopy(original)


def _transact(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    _Copying.rows = [row for item in transact_items for operation in item.values() for row in _row(backend, operation)]
    try:
        _ORIGINAL_TRANSACTION(backend, transact_items)
    finally:
        _Copying.rows = ()


def _row(backend: DynamoDBBackend, operation: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    table = backend.tables.get(operation.get("TableName", ""))
    key = operation.get("Key") or operation.get("Item")
    if table is None or key is None:
        return []  # moto refuses it
    try:
        return [(table.name, *backend.get_keys_value(table, key))]
    except Exception:  # noqa: BLE001  moto refuses it, too
        return []


def _snapshot(table: Table, rows: Sequence[tuple[str, Any, Any]]) -> Table:
    snapshot = copy.copy(table)
    snapshot.items = defaultdict(dict)
    for hash_key, value in table.items.items():
        snapshot.items[hash_key] = dict(value) if table.has_range_key else value
    for name, hash_key, range_key in rows:
        if name != table.name or hash_key not in table.items:
            continue
        if not table.has_range_key:
            snapshot.items[hash_key] = copy.deepcopy(table.items[hash_key])
        elif range_key in table.items[hash_key]:
            snapshot.items[hash_key][range_key] = copy.deepcopy(table.items[hash_key][range_key])
    return snapshot
