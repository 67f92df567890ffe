"""A small cloud assembly with one of everything that the local platform reads, around functions that a test brings."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.local.platform_processes import write_function

_REGION = {"Ref": "AWS::Region"}


def _invocation_uri(function: str) -> dict[str, Any]:
    parts = ["arn:", {"Ref": "AWS::Partition"}, ":apigateway:", _REGION, ":lambda:path/2015-03-31/functions/"]
    return {"Fn::Join": ["", [*parts, {"Fn::GetAtt": [function, "Arn"]}, "/invocations"]]}


def _import(name: str) -> dict[str, Any]:
    return {"Fn::ImportValue": f"SmallData:{name}"}


def _data() -> dict[str, Any]:
    return {
        "Resources": {
            "Things": {
                "Type": "AWS::DynamoDB::Table",
                "Properties": {
                    "AttributeDefinitions": [
                        {"AttributeName": "thingId", "AttributeType": "S"},
                        {"AttributeName": "number", "AttributeType": "N"},
                        {"AttributeName": "colour", "AttributeType": "S"},
                    ],
                    "KeySchema": [
                        {"AttributeName": "thingId", "KeyType": "HASH"},
                        {"AttributeName": "number", "KeyType": "RANGE"},
                    ],
                    "GlobalSecondaryIndexes": [
                        {
                            "IndexName": "ByColour",
                            "KeySchema": [{"AttributeName": "colour", "KeyType": "HASH"}],
                            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["weight"]},
                        }
                    ],
                    "BillingMode": "PAY_PER_REQUEST",
                    "TimeToLiveSpecification": {"AttributeName": "expiresAt", "Enabled": True},
                },
            },
            "Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1, "RetentionPeriodHours": 24}},
            "Clips": {
                "Type": "AWS::S3::Bucket",
                "Properties": {
                    "CorsConfiguration": {
                        "CorsRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["http://app"], "MaxAge": 60}]
                    }
                },
            },
            "ClipsPolicy": {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": "Clips"}}},
            "Pool": {
                "Type": "AWS::Cognito::UserPool",
                "Properties": {
                    "UsernameAttributes": ["email"],
                    "AutoVerifiedAttributes": ["email"],
                    "Policies": {"PasswordPolicy": {"MinimumLength": 12, "RequireNumbers": True}},
                },
            },
            "PoolClient": {
                "Type": "AWS::Cognito::UserPoolClient",
                "Properties": {"UserPoolId": {"Ref": "Pool"}, "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"]},
            },
        },
        "Outputs": {
            name: {"Value": value, "Export": {"Name": f"SmallData:{name}"}}
            for name, value in {
                "ThingsName": {"Ref": "Things"},
                "StreamArn": {"Fn::GetAtt": ["Stream", "Arn"]},
                "StreamName": {"Ref": "Stream"},
                "ClipsName": {"Ref": "Clips"},
                "Issuer": {"Fn::GetAtt": ["Pool", "ProviderURL"]},
                "ClientId": {"Ref": "PoolClient"},
            }.items()
        },
    }


def _function(handler: str, object_key: str, **properties: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Handler": handler,
            "Runtime": "python3.13",
            "Code": {"S3Bucket": {"Fn::Sub": "cdk-assets-${AWS::AccountId}"}, "S3Key": object_key},
            "Timeout": 20,
            "MemorySize": 256,
            **properties,
        },
    }


def _application(functions: Mapping[str, str], object_keys: Mapping[str, str]) -> dict[str, Any]:
    api = {"ApiId": {"Ref": "WebSocket"}}
    http = {"ApiId": {"Ref": "Http"}}

    def integration(owner: Mapping[str, Any], function: str) -> dict[str, Any]:
        properties = {**owner, "IntegrationType": "AWS_PROXY", "IntegrationUri": _invocation_uri(function)}
        return {"Type": "AWS::ApiGatewayV2::Integration", "Properties": properties}

    def route(owner: Mapping[str, Any], key: str, target: str, **more: Any) -> dict[str, Any]:
        properties = {
            **owner,
            "RouteKey": key,
            "AuthorizationType": "NONE",
            "Target": {"Fn::Join": ["", ["integrations/", {"Ref": target}]]},
            **more,
        }
        return {"Type": "AWS::ApiGatewayV2::Route", "Properties": properties}

    resources: dict[str, Any] = {
        "Layer": {
            "Type": "AWS::Lambda::LayerVersion",
            "Properties": {"Content": {"S3Bucket": "assets", "S3Key": object_keys["layer"]}},
        },
        "Talk": _function(
            functions["talk"],
            object_keys["talk"],
            Layers=[{"Ref": "Layer"}],
            Environment={
                "Variables": {
                    "STAGE": "dev",
                    "THINGS_TABLE_NAME": _import("ThingsName"),
                    "STREAM_NAME": _import("StreamName"),
                    "BUCKET_NAME": _import("ClipsName"),
                    "TOKEN_ISSUER": _import("Issuer"),
                    "JWKS_URL": {"Fn::Join": ["", [_import("Issuer"), "/.well-known/jwks.json"]]},
                    "WEBSOCKET_MANAGEMENT_ENDPOINT": {
                        "Fn::Join": ["", ["https://", {"Ref": "WebSocket"}, ".execute-api.", _REGION, "/dev"]]
                    },
                    "SOURCE_LANGUAGES": "en,de",
                }
            },
        ),
        "Admit": _function(functions["admit"], object_keys["admit"]),
        "Consume": _function(
            functions["consume"],
            object_keys["consume"],
            ReservedConcurrentExecutions=1,
            Environment={"Variables": {"THINGS_TABLE_NAME": _import("ThingsName")}},
        ),
        "WebSocket": {
            "Type": "AWS::ApiGatewayV2::Api",
            "Properties": {"ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.action"},
        },
        "WebSocketStage": {"Type": "AWS::ApiGatewayV2::Stage", "Properties": {**api, "StageName": "dev"}},
        "TalkIntegration": integration(api, "Talk"),
        "Authorizer": {
            "Type": "AWS::ApiGatewayV2::Authorizer",
            "Properties": {
                **api,
                "AuthorizerType": "REQUEST",
                "AuthorizerUri": _invocation_uri("Admit"),
                "IdentitySource": [],
            },
        },
        "ConnectRoute": route(
            api, "$connect", "TalkIntegration", AuthorizationType="CUSTOM", AuthorizerId={"Ref": "Authorizer"}
        ),
        "DisconnectRoute": route(api, "$disconnect", "TalkIntegration"),
        "DefaultRoute": route(api, "$default", "TalkIntegration", RouteResponseSelectionExpression="$default"),
        "DefaultRouteResponse": {
            "Type": "AWS::ApiGatewayV2::RouteResponse",
            "Properties": {**api, "RouteId": {"Ref": "DefaultRoute"}, "RouteResponseKey": "$default"},
        },
        "TellRoute": route(api, "tell", "TalkIntegration"),
        "Http": {
            "Type": "AWS::ApiGatewayV2::Api",
            "Properties": {
                "ProtocolType": "HTTP",
                "CorsConfiguration": {
                    "AllowOrigins": ["http://app"],
                    "AllowMethods": ["GET", "POST"],
                    "AllowHeaders": ["authorization"],
                    "MaxAge": 60,
                },
            },
        },
        "HttpStage": {"Type": "AWS::ApiGatewayV2::Stage", "Properties": {**http, "StageName": "$default"}},
        "HttpIntegration": integration(http, "Talk"),
        "Speakers": {
            "Type": "AWS::ApiGatewayV2::Authorizer",
            "Properties": {
                **http,
                "AuthorizerType": "JWT",
                "IdentitySource": ["$request.header.Authorization"],
                "JwtConfiguration": {"Audience": [_import("ClientId")], "Issuer": _import("Issuer")},
            },
        },
        "CreateRoute": route(
            http, "POST /things", "HttpIntegration", AuthorizationType="JWT", AuthorizerId={"Ref": "Speakers"}
        ),
        "ReadRoute": route(http, "GET /things/{thingId}", "HttpIntegration"),
        "FailureQueue": {"Type": "AWS::SQS::Queue", "Properties": {}},
        "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": _import("StreamArn"),
                "FunctionName": {"Ref": "Consume"},
                "StartingPosition": "TRIM_HORIZON",
                "BatchSize": 50,
                "MaximumBatchingWindowInSeconds": 1,
                "MaximumRetryAttempts": 2,
                "MaximumRecordAgeInSeconds": 60,
                "BisectBatchOnFunctionError": True,
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
                "DestinationConfig": {"OnFailure": {"Destination": {"Fn::GetAtt": ["FailureQueue", "Arn"]}}},
            },
        },
        "Unrelated": {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {"Threshold": {"Fn::FindInMap": ["A", "B", "C"]}},
        },
    }
    return {"Resources": resources, "Parameters": {"BootstrapVersion": {"Type": "String", "Default": "/x"}}}


def write_assembly(directory: Path, sources: Mapping[str, str]) -> Path:
    """Write the assembly.

    Args:
        directory: Gets it; created.
        sources: Source of each function's handler module: `talk` ($connect, $disconnect, $default with an answer, tell
            and the HTTP API), `admit` (the authorizer), `consume` (the stream).
    """
    files, handlers, object_keys = {}, {}, {}
    for name, source in sources.items():
        handlers[name] = write_function(directory / f"asset.{name}", name, source)
        object_keys[name] = f"{name}.zip"
    (directory / "asset.layer" / "python" / "from_layer").mkdir(parents=True)
    (directory / "asset.layer" / "python" / "from_layer" / "__init__.py").write_text("VALUE = 'from the layer'\n")
    object_keys["layer"] = "layer.zip"
    for name, object_key in object_keys.items():
        destinations = {"here": {"bucketName": "assets", "objectKey": object_key}}
        files[name] = {"source": {"path": f"asset.{name}", "packaging": "zip"}, "destinations": destinations}
    templates = {"SmallData": _data(), "SmallApp": _application(handlers, object_keys)}
    artifacts = {}
    for name, template in templates.items():
        (directory / f"{name}.template.json").write_text(json.dumps(template))
        (directory / f"{name}.assets.json").write_text(json.dumps({"version": "1", "files": files}))
        artifacts[name] = {
            "type": "aws:cloudformation:stack",
            "environment": "aws://unknown-account/unknown-region",
            "properties": {"templateFile": f"{name}.template.json"},
        }
        artifacts[f"{name}.assets"] = {"type": "cdk:asset-manifest", "properties": {"file": f"{name}.assets.json"}}
    (directory / "manifest.json").write_text(json.dumps({"version": "1", "artifacts": artifacts}))
    return directory
