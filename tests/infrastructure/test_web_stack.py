"""How the apps are served: from private buckets, with the policies under which the browser tests run."""

import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from babelcast.adapters import s3
from infrastructure.app import add_stage, new_app
from infrastructure.layers import CODE_ALONE
from infrastructure.settings import PROD
from local.blueprint import Blueprint
from local.gateway.configuration import GatewayLimits
from local.template.intrinsics import Physical
from local.web_apps import WebApp
from tests.endpoints import LOCAL_ENDPOINTS
from tests.infrastructure.templates import Resource, SynthesizedStage

SITES = ("Speaker", "Listener")
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/1a2b-3c4d"
ACCOUNTS = "https://cognito-idp.<AWS::Region>.<AWS::URLSuffix>"
CLIPS = "https://<AudioBucket.RegionalDomainName>"
ENDPOINTS = {
    "http://127.0.0.1:1000": "HTTP API",
    "ws://127.0.0.1:2000": "WebSocket API",
    "http://127.0.0.1:3000": "AWS",
    "https://*.execute-api.<AWS::Region>.<AWS::URLSuffix>": "HTTP API",
    "wss://*.execute-api.<AWS::Region>.<AWS::URLSuffix>": "WebSocket API",
    ACCOUNTS: "AWS",
    CLIPS: "AWS",
}
"""What each origin is; the local stack has one server for all of AWS that pages reach."""


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> SynthesizedStage:
    """A stage whose apps have names of their own."""
    directory = tmp_path_factory.mktemp("named")
    app = new_app(output_directory=directory)
    settings = replace(
        PROD,
        speaker_domain="speak.example.org",
        listener_domain="hear.example.org",
        certificate_arn=CERTIFICATE,
    )
    add_stage(app, settings, layers=CODE_ALONE)
    app.synth()
    return SynthesizedStage(directory)


def _distribution(stage: SynthesizedStage, site: str) -> Mapping[str, Any]:
    configuration: Mapping[str, Any] = stage.one("CloudFront::Distribution", f"{site}Distribution").properties[
        "DistributionConfig"
    ]
    return configuration


def _headers(stage: SynthesizedStage, site: str) -> Mapping[str, Any]:
    """The policy that the site's distribution refers to."""
    reference = _distribution(stage, site)["DefaultCacheBehavior"]["ResponseHeadersPolicyId"]
    (policy,) = [each for each in stage.of_type("CloudFront::ResponseHeadersPolicy") if each.reference == reference]
    configuration: Mapping[str, Any] = policy.properties["ResponseHeadersPolicyConfig"]
    return configuration


def _content_security_policy(stage: SynthesizedStage, site: str) -> str:
    return str(_headers(stage, site)["SecurityHeadersConfig"]["ContentSecurityPolicy"]["ContentSecurityPolicy"])


def _directives(policy: str) -> dict[str, set[str]]:
    directives: dict[str, set[str]] = {}
    for directive in policy.split("; "):
        name, *sources = directive.split(" ")
        assert name not in directives
        directives[name] = set(sources)
    return directives


def _roles(sources: set[str]) -> set[str]:
    """Sources, an endpoint by what it is."""
    return {ENDPOINTS.get(source, source) for source in sources}


@pytest.mark.parametrize("site", SITES)
def test_the_files_are_private_encrypted_and_read_by_the_distribution_alone(site: str, stage: SynthesizedStage) -> None:
    bucket = stage.one("S3::Bucket", f"{site}Bucket").properties
    (policy,) = [each for each in stage.of_type("S3::BucketPolicy") if each.properties["Bucket"] == f"<{site}Bucket>"]
    refusal, leave = policy.properties["PolicyDocument"]["Statement"]
    (origin,) = _distribution(stage, site)["Origins"]
    (access,) = [
        each
        for each in stage.of_type("CloudFront::OriginAccessControl")
        if origin["OriginAccessControlId"] == f"<{each.name}.Id>"
    ]

    assert bucket["PublicAccessBlockConfiguration"] == dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
    )
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert (refusal["Effect"], refusal["Action"], refusal["Principal"]) == ("Deny", "s3:*", {"AWS": "*"})
    assert refusal["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert leave["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert (leave["Effect"], leave["Action"], leave["Resource"]) == ("Allow", "s3:GetObject", f"<{site}Bucket.Arn>/*")
    source = f"arn:<AWS::Partition>:cloudfront::<AWS::AccountId>:distribution/<{site}Distribution>"
    assert leave["Condition"] == {"StringEquals": {"AWS:SourceArn": source}}
    assert origin["DomainName"] == f"<{site}Bucket.RegionalDomainName>"
    signing = access.properties["OriginAccessControlConfig"]
    assert (signing["SigningBehavior"], signing["SigningProtocol"]) == ("always", "sigv4")


@pytest.mark.parametrize("site", SITES)
def test_a_site_is_served_encrypted_compressed_and_over_http_3(site: str, stage: SynthesizedStage) -> None:
    distribution = _distribution(stage, site)
    behaviour = distribution["DefaultCacheBehavior"]

    assert (distribution["HttpVersion"], distribution["IPV6Enabled"]) == ("http2and3", True)
    assert (behaviour["ViewerProtocolPolicy"], behaviour["Compress"]) == ("redirect-to-https", True)
    assert behaviour["AllowedMethods"] == ["GET", "HEAD"]
    assert "CacheBehaviors" not in distribution


@pytest.mark.parametrize("site", SITES)
def test_an_address_that_names_no_file_is_the_app(site: str, stage: SynthesizedStage) -> None:
    distribution = _distribution(stage, site)
    (association,) = distribution["DefaultCacheBehavior"]["FunctionAssociations"]
    function = stage.one("CloudFront::Function", f"{site}Pages")
    addresses = {
        "/": "/index.html",
        "/joyful-hope-911": "/index.html",
        "/a.b/page": "/index.html",
        "/index.html": "/index.html",
        "/config.json": "/config.json",
        "/assets/index-4f2a.js": "/assets/index-4f2a.js",
    }
    asked = json.dumps([{"request": {"method": "GET", "uri": address}} for address in addresses])
    script = f"{function.properties['FunctionCode']};console.log(JSON.stringify({asked}.map(handler)))"
    answer = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True).stdout

    assert association == {"EventType": "viewer-request", "FunctionARN": f"<{function.name}.FunctionARN>"}
    assert function.properties["AutoPublish"] is True
    assert [request["uri"] for request in json.loads(answer)] == list(addresses.values())
    assert distribution["DefaultRootObject"] == "index.html"


@pytest.mark.parametrize("site", SITES)
def test_a_file_that_is_missing_is_an_error_and_is_not_remembered(site: str, stage: SynthesizedStage) -> None:
    (error,) = _distribution(stage, site)["CustomErrorResponses"]

    assert error == {"ErrorCode": 403, "ErrorCachingMinTTL": 0}


@pytest.mark.parametrize("site", SITES)
def test_every_answer_has_the_security_headers(site: str, stage: SynthesizedStage) -> None:
    headers = _headers(stage, site)["SecurityHeadersConfig"]

    assert headers["StrictTransportSecurity"]["AccessControlMaxAgeSec"] >= 365 * 86_400
    assert headers["FrameOptions"]["FrameOption"] == "DENY"
    assert headers["ReferrerPolicy"]["ReferrerPolicy"] == "no-referrer"
    assert "ContentTypeOptions" in headers
    assert all(header["Override"] for header in headers.values())


@pytest.mark.parametrize("site", SITES)
async def test_pages_get_the_policies_that_the_local_stack_serves(
    site: str, stage: SynthesizedStage, tmp_path: Path
) -> None:
    (tmp_path / "index.html").write_text("<!doctype html><title>app</title>")
    async with (
        WebApp(tmp_path, uses_microphone=site == "Speaker") as app,
        aiohttp.ClientSession(app.origin) as browser,
    ):
        await app.serve(LOCAL_ENDPOINTS, listener_url="http://localhost:4000")
        async with browser.get("/") as page:
            local = page.headers
    deployed = _headers(stage, site)
    (permissions,) = deployed["CustomHeadersConfig"]["Items"]

    expected = _directives(local["Content-Security-Policy"])
    directives = _directives(_content_security_policy(stage, site))
    assert directives.keys() == expected.keys()
    for name, sources in expected.items():
        assert _roles(directives[name]) == _roles(sources), name
    assert _roles(expected["connect-src"]) == {"'self'", "HTTP API", "WebSocket API", "AWS"}
    assert {ACCOUNTS, CLIPS} < directives["connect-src"]
    assert directives["media-src"] == {"'self'", "blob:", CLIPS}
    assert (permissions["Header"], permissions["Value"]) == ("Permissions-Policy", local["Permissions-Policy"])
    security = deployed["SecurityHeadersConfig"]
    assert security["ReferrerPolicy"]["ReferrerPolicy"] == local["Referrer-Policy"]
    assert security["FrameOptions"]["FrameOption"] == local["X-Frame-Options"]


def test_the_microphone_is_for_the_speakers_app_only(stage: SynthesizedStage) -> None:
    values = {site: _headers(stage, site)["CustomHeadersConfig"]["Items"][0]["Value"] for site in SITES}

    assert "microphone=(self)" in values["Speaker"]
    assert "microphone=()" in values["Listener"]


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_pages_may_fetch_clips_where_their_addresses_lead(
    region: str, dev: SynthesizedStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "key",
        "AWS_DEFAULT_REGION": region,
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    s3._client.cache_clear()
    clip = urlsplit(s3.S3Clips("clips", url_expiration_s=600).url("sessions/a/translated/es/00000001.mp3"))
    s3._client.cache_clear()

    # What CloudFormation gives for RegionalDomainName.
    policy = _content_security_policy(dev, "Listener").replace(
        "<AudioBucket.RegionalDomainName>", f"clips.s3.{region}.amazonaws.com"
    )
    assert f"{clip.scheme}://{clip.netloc}" in _directives(policy)["connect-src"]


def test_the_http_api_answers_the_apps_and_on_dev_developers_machines(
    dev: SynthesizedStage, prod: SynthesizedStage
) -> None:
    apps = [f"https://<{site}Distribution.DomainName>" for site in SITES]
    for stage, others in ((dev, ["http://localhost:5173", "http://localhost:5174"]), (prod, [])):
        cors = stage.one("ApiGatewayV2::Api", "HttpApi").properties["CorsConfiguration"]
        assert cors["AllowOrigins"] == [*apps, *others]
        assert _listener_url(stage) == "https://<ListenerDistribution.DomainName>"


def _listener_url(stage: SynthesizedStage) -> str:
    function: Resource = stage.functions()["http_session_handler"]
    return str(function.properties["Environment"]["Variables"]["LISTENER_URL"])


def test_names_of_their_own_come_with_tls_1_2_and_are_used_everywhere(named: SynthesizedStage) -> None:
    origins = ["https://speak.example.org", "https://hear.example.org"]
    (rule,) = named.one("S3::Bucket", "AudioBucket").properties["CorsConfiguration"]["CorsRules"]
    cors = named.one("ApiGatewayV2::Api", "HttpApi").properties["CorsConfiguration"]
    outputs = named.outputs()

    for site, origin in zip(SITES, origins, strict=True):
        distribution = _distribution(named, site)
        certificate = distribution["ViewerCertificate"]
        assert distribution["Aliases"] == [origin.removeprefix("https://")]
        assert certificate["AcmCertificateArn"] == CERTIFICATE
        assert re.fullmatch(r"TLSv1\.[23]_\d{4}", certificate["MinimumProtocolVersion"])
        assert certificate["SslSupportMethod"] == "sni-only"
        assert outputs[f"{site}Url"] == origin
        assert outputs[f"{site}DnsTarget"] == f"<{site}Distribution.DomainName>"
    assert cors["AllowOrigins"] == rule["AllowedOrigins"] == origins
    assert _listener_url(named) == "https://hear.example.org"


def test_a_stage_that_gets_names_takes_nothing_away_that_its_apis_still_use(
    prod: SynthesizedStage, named: SynthesizedStage
) -> None:
    exports = [
        {name for name, output in stage.templates["BabelcastProdWeb"]["Outputs"].items() if "Export" in output}
        for stage in (prod, named)
    ]

    assert exports[0] == exports[1]


def test_former_versions_of_a_deployed_app_are_kept_for_a_month_in_production(
    dev: SynthesizedStage, prod: SynthesizedStage
) -> None:
    for site in SITES:
        bucket = prod.one("S3::Bucket", f"{site}Bucket").properties
        (rule,) = bucket["LifecycleConfiguration"]["Rules"]
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
        assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
        assert "VersioningConfiguration" not in dev.one("S3::Bucket", f"{site}Bucket").properties


def test_the_local_stack_has_an_address_for_each_site(dev: SynthesizedStage) -> None:
    blueprint = Blueprint.load(dev.directory)
    resolver = blueprint.resolver(
        {
            blueprint.user_pool.key: Physical(ref="pool", attributes={"ProviderURL": "https://issuer/pool"}),
            blueprint.user_pool_client.key: Physical(ref="client"),
        }
    )
    gateway = blueprint.gateway(
        resolver,
        lambda_url="http://lambda",
        jwks_url="http://keys",
        limits=GatewayLimits(),
        more_origins=("http://app",),
    )
    cors = gateway.http.cors
    assert cors is not None
    speaker, listener, *others = cors.allow_origins

    for origin in (speaker, listener):
        assert re.fullmatch(r"https://[a-z0-9]+\.cloudfront\.net", origin)
    assert speaker != listener
    assert others == ["http://localhost:5173", "http://localhost:5174", "http://app"]
    function = dev.functions()["http_session_handler"]
    variables = function.raw["Properties"]["Environment"]["Variables"]
    assert resolver.text(function.stack, variables["LISTENER_URL"]) == listener
