"""How the browser apps are served: a site for speakers and one for listeners, each on an origin of its own."""

from aws_cdk import Aws, CfnOutput, Stack
from aws_cdk import aws_cloudfront as cloudfront
from constructs import Construct

from infrastructure.constructs.static_site import CustomDomain, StaticSite
from infrastructure.page_policies import REFERRER_POLICY, content_security_policy, permissions_policy
from infrastructure.settings import StageSettings
from infrastructure.stacks.data import DataStack


class WebStack(Stack):
    """Both sites.

    It comes before the APIs, which name its origins, and so its pages may reach any API Gateway address of the region.

    Attributes:
        speaker, listener: The sites.
        origins: Those of both sites.
        listener_url: Where listeners go.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: StageSettings, data: DataStack) -> None:
        super().__init__(scope, construct_id, termination_protection=settings.keeps_data)
        self._settings = settings
        self._policy = content_security_policy(
            http_api=f"https://*.execute-api.{Aws.REGION}.{Aws.URL_SUFFIX}",
            websocket_api=f"wss://*.execute-api.{Aws.REGION}.{Aws.URL_SUFFIX}",
            accounts=f"https://cognito-idp.{Aws.REGION}.{Aws.URL_SUFFIX}",
            clips=f"https://{data.bucket.bucket_regional_domain_name}",
        )
        self.speaker = self._site("Speaker", "The speaker's app", domain=settings.speaker_domain, microphone=True)
        self.listener = self._site("Listener", "The listeners' app", domain=settings.listener_domain, microphone=False)
        self.origins = (self.speaker.origin, self.listener.origin)
        self.listener_url = self.listener.origin
        for name, site in (("Speaker", self.speaker), ("Listener", self.listener)):
            self._announce(name, site)

    def _site(self, construct_id: str, what: str, *, domain: str | None, microphone: bool) -> StaticSite:
        settings = self._settings
        return StaticSite(
            self,
            construct_id,
            description=f"{what} of Babelcast {settings.name}",
            content_security_policy=self._policy,
            permissions_policy=permissions_policy(microphone=microphone),
            referrer_policy=REFERRER_POLICY,
            price_class=cloudfront.PriceClass[settings.edge_locations],
            keeps_content=settings.keeps_data,
            domain=CustomDomain(name=domain, certificate_arn=settings.certificate_arn)
            if domain and settings.certificate_arn
            else None,
        )

    def _announce(self, name: str, site: StaticSite) -> None:
        CfnOutput(self, f"{name}BucketName", value=site.bucket.bucket_name)
        CfnOutput(self, f"{name}DistributionId", value=site.distribution.distribution_id)
        CfnOutput(self, f"{name}Url", value=site.origin)
        # The APIs may use it, and no longer when there is a custom name: an export that is in use cannot be taken away.
        self.export_value(site.distribution.distribution_domain_name)
        if self._settings.certificate_arn:
            # The owner's DNS record for the custom name leads here.
            CfnOutput(self, f"{name}DnsTarget", value=site.distribution.distribution_domain_name)
