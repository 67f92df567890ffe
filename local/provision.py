"""Creates what the templates describe in the local AWS server, by boto3.

Not through its CloudFormation, which passes over Cognito, TTL and CORS in silence.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import boto3
import botocore.session
from botocore.config import Config

from local.template.assembly import ResourceKey
from local.template.data_resources import (
    BucketCorsRule,
    BucketDescription,
    DataDescription,
    IndexDescription,
    KeyAttribute,
    QueueDescription,
    StreamDescription,
    TableDescription,
    UserPoolClientDescription,
    UserPoolDescription,
)
from local.template.intrinsics import Physical

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

ACCOUNT_ID: Final = "123456789012"
"""The account in which moto keeps everything."""

CREDENTIALS: Final[Mapping[str, str]] = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
"""Any will do: moto checks no signatures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsServer:
    """Clients of the local AWS server."""

    endpoint_url: str
    region: str

    def client(self, service: str, config: Config | None = None) -> Any:
        """A boto3 client of a service, whatever AWS profile this user has chosen."""
        session = botocore.session.Session(session_vars={"profile": (None, None, None, None)})
        make: Any = boto3.Session(botocore_session=session, region_name=self.region, **CREDENTIALS).client
        return make(service, endpoint_url=self.endpoint_url, config=config)


def provision(data: DataDescription, server: AwsServer) -> dict[ResourceKey, Physical]:
    """Create every store; the physical values of each, by its address in the assembly."""
    dynamodb, kinesis, s3 = server.client("dynamodb"), server.client("kinesis"), server.client("s3")
    sqs, cognito = server.client("sqs"), server.client("cognito-idp")
    physical: dict[ResourceKey, Physical] = {}
    for table in data.tables:
        physical[table.key] = _create_table(dynamodb, table)
    for stream in data.streams:
        physical.update(_create_stream(kinesis, stream))
    for bucket in data.buckets:
        physical[bucket.key] = _create_bucket(s3, bucket, server.region)
    for queue in data.queues:
        physical[queue.key] = _create_queue(sqs, queue)
    for pool in data.user_pools:
        physical[pool.key] = _create_user_pool(cognito, pool, server.region)
    for client in data.user_pool_clients:
        physical[client.key] = _create_user_pool_client(cognito, client, physical[client.user_pool].ref)
    return physical


def create_confirmed_user(server: AwsServer, *, user_pool_id: str, email: str, password: str) -> None:
    """Make an account that can log in at once.

    Raises:
        ClientError: The account exists, or the password does not fit the pool's policy.
    """
    cognito: CognitoIdentityProviderClient = server.client("cognito-idp")
    cognito.admin_create_user(
        UserPoolId=user_pool_id,
        Username=email,
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}],
    )
    cognito.admin_set_user_password(UserPoolId=user_pool_id, Username=email, Password=password, Permanent=True)


def jwks_url(server: AwsServer, user_pool_id: str) -> str:
    """Where the keys are that sign a user pool's tokens, whose issuer bears AWS's own address."""
    return f"{server.endpoint_url}/{user_pool_id}/.well-known/jwks.json"


def _physical_name(key: ResourceKey) -> str:
    return f"{key.stack}-{key.logical_id}"


def _create_table(dynamodb: "DynamoDBClient", table: TableDescription) -> Physical:
    name = _physical_name(table.key)
    attributes = {
        attribute.name: attribute.type
        for keys in ((table.partition, table.sort), *((index.partition, index.sort) for index in table.indexes))
        for attribute in keys
        if attribute is not None
    }
    request: dict[str, Any] = {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": attribute, "AttributeType": kind} for attribute, kind in attributes.items()
        ],
        "KeySchema": _key_schema(table.partition, table.sort),
    }
    if table.indexes:
        request["GlobalSecondaryIndexes"] = [_index(index) for index in table.indexes]
    created = dynamodb.create_table(**request)
    if table.ttl_attribute:
        dynamodb.update_time_to_live(
            TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": table.ttl_attribute}
        )
    return Physical(ref=name, attributes={"Arn": created["TableDescription"]["TableArn"]})


def _index(index: IndexDescription) -> dict[str, Any]:
    projection: dict[str, Any] = {"ProjectionType": index.projection}
    if index.included_attributes:
        projection["NonKeyAttributes"] = list(index.included_attributes)
    return {"IndexName": index.name, "KeySchema": _key_schema(index.partition, index.sort), "Projection": projection}


def _key_schema(partition: KeyAttribute, sort: KeyAttribute | None) -> list[dict[str, str]]:
    schema = [{"AttributeName": partition.name, "KeyType": "HASH"}]
    if sort is not None:
        schema.append({"AttributeName": sort.name, "KeyType": "RANGE"})
    return schema


def _create_stream(kinesis: "KinesisClient", stream: StreamDescription) -> dict[ResourceKey, Physical]:
    name = _physical_name(stream.key)
    kinesis.create_stream(StreamName=name, ShardCount=stream.shard_count)
    arn = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    created = {stream.key: Physical(ref=name, attributes={"Arn": arn})}
    for consumer in stream.consumers:
        registered = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName=consumer.logical_id)["Consumer"]
        consumer_arn = registered["ConsumerARN"]
        created[consumer] = Physical(ref=consumer_arn, attributes={"ConsumerARN": consumer_arn, "StreamARN": arn})
    return created


def _create_bucket(s3: "S3Client", bucket: BucketDescription, region: str) -> Physical:
    name = _physical_name(bucket.key).lower()[:63]
    location: dict[str, Any] = (
        {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    )
    s3.create_bucket(Bucket=name, **location)
    if bucket.cors_rules:
        rules: list[Any] = [_cors_rule(rule) for rule in bucket.cors_rules]
        s3.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": rules})
    return Physical(ref=name, attributes={"Arn": f"arn:aws:s3:::{name}", "DomainName": f"{name}.s3.amazonaws.com"})


def _cors_rule(rule: BucketCorsRule) -> dict[str, Any]:
    request: dict[str, Any] = {
        "AllowedOrigins": list(rule.allowed_origins),
        "AllowedMethods": list(rule.allowed_methods),
        "AllowedHeaders": list(rule.allowed_headers),
        "ExposeHeaders": list(rule.exposed_headers),
    }
    if rule.max_age_seconds is not None:
        request["MaxAgeSeconds"] = rule.max_age_seconds
    return request


def _create_queue(sqs: "SQSClient", queue: QueueDescription) -> Physical:
    name = _physical_name(queue.key)[-75:]
    url = sqs.create_queue(
        QueueName=f"{name}.fifo" if queue.fifo else name, Attributes={"FifoQueue": "true"} if queue.fifo else {}
    )["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return Physical(ref=url, attributes={"Arn": arn, "QueueName": url.rpartition("/")[2], "QueueUrl": url})


def _create_user_pool(cognito: "CognitoIdentityProviderClient", pool: UserPoolDescription, region: str) -> Physical:
    request: dict[str, Any] = {"PoolName": _physical_name(pool.key)}
    if pool.username_attributes:
        request["UsernameAttributes"] = list(pool.username_attributes)
    if pool.auto_verified_attributes:
        request["AutoVerifiedAttributes"] = list(pool.auto_verified_attributes)
    if pool.password_policy:
        request["Policies"] = {"PasswordPolicy": dict(pool.password_policy)}
    created = cognito.create_user_pool(**request)["UserPool"]
    provider = f"cognito-idp.{region}.amazonaws.com/{created['Id']}"
    return Physical(
        ref=created["Id"],
        attributes={
            "Arn": created["Arn"],
            "ProviderName": provider,
            "ProviderURL": f"https://{provider}",
            "UserPoolId": created["Id"],
        },
    )


def _create_user_pool_client(
    cognito: "CognitoIdentityProviderClient", client: UserPoolClientDescription, user_pool_id: str
) -> Physical:
    request: dict[str, Any] = {
        "UserPoolId": user_pool_id,
        "ClientName": client.key.logical_id,
        "GenerateSecret": client.generate_secret,
    }
    if client.explicit_auth_flows:
        request["ExplicitAuthFlows"] = list(client.explicit_auth_flows)
    created = cognito.create_user_pool_client(**request)["UserPoolClient"]
    return Physical(ref=created["ClientId"], attributes={"ClientId": created["ClientId"]})
