"""A built web app behind CloudFront: a private bucket, one distribution, the headers of every page."""

from dataclasses import dataclass
from typing import Final

from aws_cdk import Aws, Duration, RemovalPolicy, Stack
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_s3 as s3
from constructs import Construct

_ENTRY: Final = "index.html"

_PAGES_ARE_THE_APP: Final = f"""\
function handler(event) {{
  if (!/[.][^/]*$/.test(event.request.uri)) event.request.uri = "/{_ENTRY}";
  return event.request;
}}
"""
"""An address that names no file is one of the app's. One that does is that file or nothing: a page in place of a
missing `config.json` or script would be taken for it.
"""

_FORMER_VERSIONS_DAYS: Final = 30
_MAX_ACCESS_NAME_LENGTH: Final = 64
_LONGEST_REGION_NAME_LENGTH: Final = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomDomain:
    """A name for the site besides CloudFront's.

    Attributes:
        name: A host, whose DNS record the owner points to the distribution.
        certificate_arn: In us-east-1, where CloudFront looks for it; covers the name.
    """

    name: str
    certificate_arn: str


class StaticSite(Construct):
    """One site. It is empty: its files are put into the bucket, and what is not hashed is invalidated, by a deployment.

    Attributes:
        bucket: Read by the distribution alone.
        distribution: Every address that names no file is answered with the entry page.
        origin: ``https://…``, under the custom name if there is one.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        description: str,
        content_security_policy: str,
        permissions_policy: str,
        referrer_policy: str,
        price_class: cloudfront.PriceClass,
        keeps_content: bool,
        domain: CustomDomain | None,
    ) -> None:
        """Make the site.

        Args:
            scope: The stack.
            construct_id: PascalCase noun.
            description: Shown in CloudFront's list.
            content_security_policy: A header of every answer.
            permissions_policy: Another.
            referrer_policy: Another, in the header's own word.
            price_class: In which parts of the world the site is kept near its users.
            keeps_content: The bucket survives the stack's deletion, and keeps replaced files for a month.
            domain: None serves under CloudFront's name only, with CloudFront's certificate.
        """
        super().__init__(scope, construct_id)
        self.bucket = self._bucket(keeps_content=keeps_content)
        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment=description,
            default_root_object=_ENTRY,
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.S3BucketOrigin.with_origin_access_control(
                    self.bucket, origin_access_control=self._access()
                ),
                allowed_methods=cloudfront.AllowedMethods.ALLOW_GET_HEAD,
                # Caches by the path alone, as long as the file's Cache-Control says.
                cache_policy=cloudfront.CachePolicy.CACHING_OPTIMIZED,
                compress=True,
                function_associations=[
                    cloudfront.FunctionAssociation(
                        event_type=cloudfront.FunctionEventType.VIEWER_REQUEST, function=self._pages()
                    )
                ],
                response_headers_policy=self._headers(
                    content_security_policy=content_security_policy,
                    permissions_policy=permissions_policy,
                    referrer_policy=cloudfront.HeadersReferrerPolicy[referrer_policy.upper().replace("-", "_")],
                ),
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            ),
            # Without leave to list, S3 answers 403 for a file that it does not have; the next deployment may bring it.
            error_responses=[cloudfront.ErrorResponse(http_status=403, ttl=Duration.seconds(0))],
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            price_class=price_class,
            domain_names=[domain.name] if domain else None,
            certificate=acm.Certificate.from_certificate_arn(self, "Certificate", domain.certificate_arn)
            if domain
            else None,
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021 if domain else None,
        )
        self.origin = f"https://{domain.name if domain else self.distribution.distribution_domain_name}"

    def _bucket(self, *, keeps_content: bool) -> s3.Bucket:
        return s3.Bucket(
            self,
            "Bucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            versioned=keeps_content,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="FormerVersionsExpire",
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                    noncurrent_version_expiration=Duration.days(_FORMER_VERSIONS_DAYS) if keeps_content else None,
                )
            ],
            removal_policy=RemovalPolicy.RETAIN if keeps_content else RemovalPolicy.DESTROY,
        )

    def _access(self) -> cloudfront.S3OriginAccessControl:
        return cloudfront.S3OriginAccessControl(self, "Access", origin_access_control_name=self._global_name("Access"))

    def _pages(self) -> cloudfront.Function:
        return cloudfront.Function(
            self,
            "Pages",
            function_name=self._global_name("Pages"),
            runtime=cloudfront.FunctionRuntime.JS_2_0,
            code=cloudfront.FunctionCode.from_inline(_PAGES_ARE_THE_APP),
            comment="Addresses that name no file are the app's",
        )

    def _headers(
        self,
        *,
        content_security_policy: str,
        permissions_policy: str,
        referrer_policy: cloudfront.HeadersReferrerPolicy,
    ) -> cloudfront.ResponseHeadersPolicy:
        return cloudfront.ResponseHeadersPolicy(
            self,
            "Headers",
            response_headers_policy_name=self._global_name("Headers"),
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy=content_security_policy, override=True
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                frame_options=cloudfront.ResponseHeadersFrameOptions(
                    frame_option=cloudfront.HeadersFrameOption.DENY, override=True
                ),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=referrer_policy, override=True
                ),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=Duration.days(365), include_subdomains=True, override=True
                ),
            ),
            custom_headers_behavior=cloudfront.ResponseCustomHeadersBehavior(
                custom_headers=[
                    cloudfront.ResponseCustomHeader(
                        header="Permissions-Policy", value=permissions_policy, override=True
                    )
                ]
            ),
        )

    def _global_name(self, purpose: str) -> str:
        """A name where CloudFront demands one; it belongs to all regions, so that the stack's own is a part of it."""
        room = _MAX_ACCESS_NAME_LENGTH - len(f"--{purpose}") - _LONGEST_REGION_NAME_LENGTH
        return f"{f'{Stack.of(self).stack_name}{self.node.id}'[:room]}-{purpose}-{Aws.REGION}"
