"""The resources of a deployed stage that a deployment touches, made in moto."""

import json
from typing import Any

import boto3

REGION = "eu-west-1"


def client(service: str) -> Any:
    return boto3.client(service, region_name=REGION)  # type: ignore[call-overload]


def make_bucket(name: str) -> str:
    client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return name


def make_distribution(bucket: str) -> str:
    origin = {"Id": "site", "DomainName": f"{bucket}.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
    created = client("cloudfront").create_distribution(
        DistributionConfig={
            "CallerReference": bucket,
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {"TargetOriginId": "site", "ViewerProtocolPolicy": "redirect-to-https"},
        }
    )
    return str(created["Distribution"]["Id"])


def make_user_pool() -> str:
    pool = client("cognito-idp").create_user_pool(PoolName="speakers", UsernameAttributes=["email"])
    return str(pool["UserPool"]["Id"])


def stage_outputs(stage: str) -> dict[str, dict[str, str]]:
    """Make a stage's buckets, distributions and pool; the outputs that its stacks would have."""
    prefix = f"Babelcast{stage.capitalize()}"
    speaker, listener, clips = (make_bucket(f"{stage}-{name}") for name in ("speaker", "listener", "clips"))
    return {
        f"{prefix}Data": {"UserPoolId": make_user_pool(), "UserPoolClientId": "client", "AudioBucketName": clips},
        f"{prefix}Web": {
            "SpeakerBucketName": speaker,
            "ListenerBucketName": listener,
            "SpeakerDistributionId": make_distribution(speaker),
            "ListenerDistributionId": make_distribution(listener),
            "SpeakerUrl": "https://d1.cloudfront.net",
            "ListenerUrl": "https://d2.cloudfront.net",
        },
        f"{prefix}Api": {
            "WebSocketUrl": f"wss://abc.execute-api.{REGION}.amazonaws.com/{stage}",
            "HttpApiUrl": f"https://def.execute-api.{REGION}.amazonaws.com",
        },
        f"{prefix}Observability": {"DashboardName": "Babelcast", "AlarmTopicArn": "arn:aws:sns:eu-west-1:1:alarms"},
    }


def announce(outputs: dict[str, dict[str, str]]) -> None:
    """Let CloudFormation have stacks with these outputs."""
    for stack, values in outputs.items():
        template = {
            "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
            "Outputs": {key: {"Value": value} for key, value in values.items()},
        }
        client("cloudformation").create_stack(StackName=stack, TemplateBody=json.dumps(template))


def stored(bucket: str) -> dict[str, dict[str, Any]]:
    """Every object of a bucket as a browser would get it: type, caching and content by key."""
    s3 = client("s3")
    objects = {}
    for each in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        got = s3.get_object(Bucket=bucket, Key=each["Key"])
        objects[each["Key"]] = {
            "type": got["ContentType"],
            "cache": got["CacheControl"],
            "content": got["Body"].read().decode(),
        }
    return objects


def invalidations(distribution_id: str) -> list[dict[str, Any]]:
    listed = client("cloudfront").list_invalidations(DistributionId=distribution_id)["InvalidationList"]
    return list(listed.get("Items") or [])
