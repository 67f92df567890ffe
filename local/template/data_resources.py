"""Typed descriptions of the stores: tables, streams, buckets, queues and the user pool with its client."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from local.template.assembly import Assembly, Resource, ResourceKey

TABLE_TYPES: Final = ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")
STREAM_TYPE: Final = "AWS::Kinesis::Stream"
STREAM_CONSUMER_TYPE: Final = "AWS::Kinesis::StreamConsumer"
BUCKET_TYPE: Final = "AWS::S3::Bucket"
QUEUE_TYPE: Final = "AWS::SQS::Queue"
USER_POOL_TYPE: Final = "AWS::Cognito::UserPool"
USER_POOL_CLIENT_TYPE: Final = "AWS::Cognito::UserPoolClient"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAttribute:
    """A key attribute of a table or index; `type` is DynamoDB's (`S`, `N`, `B`)."""

    name: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexDescription:
    """A global secondary index; `projection` is `ALL`, `KEYS_ONLY` or `INCLUDE`."""

    name: str
    partition: KeyAttribute
    sort: KeyAttribute | None
    projection: str
    included_attributes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDescription:
    """A DynamoDB table."""

    key: ResourceKey
    partition: KeyAttribute
    sort: KeyAttribute | None
    indexes: tuple[IndexDescription, ...]
    ttl_attribute: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamDescription:
    """A Kinesis data stream; an on-demand one has the shards that AWS starts it with (4)."""

    key: ResourceKey
    shard_count: int
    retention_hours: int
    consumers: tuple[ResourceKey, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketCorsRule:
    """One rule of a bucket's CORS configuration."""

    allowed_origins: tuple[str, ...]
    allowed_methods: tuple[str, ...]
    allowed_headers: tuple[str, ...]
    exposed_headers: tuple[str, ...]
    max_age_seconds: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketDescription:
    """An S3 bucket."""

    key: ResourceKey
    cors_rules: tuple[BucketCorsRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueDescription:
    """An SQS queue."""

    key: ResourceKey
    fifo: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPoolDescription:
    """A Cognito user pool; the password policy is in the API's own words."""

    key: ResourceKey
    username_attributes: tuple[str, ...]
    auto_verified_attributes: tuple[str, ...]
    password_policy: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPoolClientDescription:
    """A user pool's client."""

    key: ResourceKey
    user_pool: ResourceKey
    explicit_auth_flows: tuple[str, ...]
    generate_secret: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DataDescription:
    """Everything that holds data."""

    tables: tuple[TableDescription, ...]
    streams: tuple[StreamDescription, ...]
    buckets: tuple[BucketDescription, ...]
    queues: tuple[QueueDescription, ...]
    user_pools: tuple[UserPoolDescription, ...]
    user_pool_clients: tuple[UserPoolClientDescription, ...]


def read_data(assembly: Assembly) -> DataDescription:
    """Read every store of an assembly; no physical value is needed for it."""
    return DataDescription(
        tables=tuple(_table(resource) for resource in assembly.of_type(*TABLE_TYPES)),
        streams=tuple(_stream(assembly, resource) for resource in assembly.of_type(STREAM_TYPE)),
        buckets=tuple(_bucket(resource) for resource in assembly.of_type(BUCKET_TYPE)),
        queues=tuple(
            QueueDescription(key=resource.key, fifo=bool(resource.properties.get("FifoQueue", False)))
            for resource in assembly.of_type(QUEUE_TYPE)
        ),
        user_pools=tuple(_user_pool(resource) for resource in assembly.of_type(USER_POOL_TYPE)),
        user_pool_clients=tuple(
            _user_pool_client(assembly, resource) for resource in assembly.of_type(USER_POOL_CLIENT_TYPE)
        ),
    )


def _table(resource: Resource) -> TableDescription:
    properties = resource.properties
    types = {item["AttributeName"]: item["AttributeType"] for item in properties["AttributeDefinitions"]}
    partition, sort = _keys(properties["KeySchema"], types)
    ttl = properties.get("TimeToLiveSpecification", {})
    return TableDescription(
        key=resource.key,
        partition=partition,
        sort=sort,
        indexes=tuple(_index(index, types) for index in properties.get("GlobalSecondaryIndexes", ())),
        ttl_attribute=ttl["AttributeName"] if ttl.get("Enabled") else None,
    )


def _index(properties: Mapping[str, Any], types: Mapping[str, str]) -> IndexDescription:
    partition, sort = _keys(properties["KeySchema"], types)
    projection = properties["Projection"]
    return IndexDescription(
        name=properties["IndexName"],
        partition=partition,
        sort=sort,
        projection=projection["ProjectionType"],
        included_attributes=tuple(projection.get("NonKeyAttributes", ())),
    )


def _keys(schema: list[Mapping[str, str]], types: Mapping[str, str]) -> tuple[KeyAttribute, KeyAttribute | None]:
    by_role = {
        item["KeyType"]: KeyAttribute(name=item["AttributeName"], type=types[item["AttributeName"]]) for item in schema
    }
    return by_role["HASH"], by_role.get("RANGE")


def _stream(assembly: Assembly, resource: Resource) -> StreamDescription:
    properties = resource.properties
    on_demand = properties.get("StreamModeDetails", {}).get("StreamMode") == "ON_DEMAND"
    return StreamDescription(
        key=resource.key,
        shard_count=4 if on_demand else int(properties.get("ShardCount", 1)),
        retention_hours=int(properties.get("RetentionPeriodHours", 24)),
        consumers=tuple(
            consumer.key
            for consumer in assembly.of_type(STREAM_CONSUMER_TYPE)
            if resource.key in assembly.references(consumer.key.stack, consumer.properties["StreamARN"])
        ),
    )


def _bucket(resource: Resource) -> BucketDescription:
    rules: Iterator[Mapping[str, Any]] = iter(resource.properties.get("CorsConfiguration", {}).get("CorsRules", ()))
    return BucketDescription(
        key=resource.key,
        cors_rules=tuple(
            BucketCorsRule(
                allowed_origins=tuple(rule["AllowedOrigins"]),
                allowed_methods=tuple(rule["AllowedMethods"]),
                allowed_headers=tuple(rule.get("AllowedHeaders", ())),
                exposed_headers=tuple(rule.get("ExposedHeaders", ())),
                max_age_seconds=rule.get("MaxAge"),
            )
            for rule in rules
        ),
    )


def _user_pool(resource: Resource) -> UserPoolDescription:
    properties = resource.properties
    return UserPoolDescription(
        key=resource.key,
        username_attributes=tuple(properties.get("UsernameAttributes", ())),
        auto_verified_attributes=tuple(properties.get("AutoVerifiedAttributes", ())),
        password_policy=properties.get("Policies", {}).get("PasswordPolicy", {}),
    )


def _user_pool_client(assembly: Assembly, resource: Resource) -> UserPoolClientDescription:
    properties = resource.properties
    return UserPoolClientDescription(
        key=resource.key,
        user_pool=assembly.reference(resource.key.stack, properties["UserPoolId"], USER_POOL_TYPE).key,
        explicit_auth_flows=tuple(properties.get("ExplicitAuthFlows", ())),
        generate_secret=bool(properties.get("GenerateSecret", False)),
    )
