"""What is kept: tables, streams, clips and speakers' accounts."""

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infrastructure.settings import StageSettings

SESSION_LANGUAGE_INDEX = "SessionLanguageIndex"


class DataStack(Stack):
    """State of one stage; the other stacks hold none.

    Attributes:
        streams: One single-shard stream per cell, in the order of the cells.
        token_issuer: The ``iss`` of speakers' tokens.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: StageSettings) -> None:
        super().__init__(scope, construct_id, termination_protection=settings.keeps_data)
        self._settings = settings
        self._removal = RemovalPolicy.RETAIN if settings.keeps_data else RemovalPolicy.DESTROY
        text, number = dynamodb.AttributeType.STRING, dynamodb.AttributeType.NUMBER

        self.sessions = self._table("Sessions", partition_key=("sessionId", text))
        self.connections = self._table("Connections", partition_key=("connectionId", text))
        self.connections.add_global_secondary_index(
            index_name=SESSION_LANGUAGE_INDEX,
            partition_key=dynamodb.Attribute(name="sessionId", type=text),
            sort_key=dynamodb.Attribute(name="targetLanguage", type=text),
            projection_type=dynamodb.ProjectionType.ALL,
        )
        self.segments = self._table("Segments", partition_key=("sessionId", text), sort_key=("segment", number))
        self.rate_limits = self._table("RateLimits", partition_key=("limitKey", text))

        cells = settings.cells
        self.streams = [self._stream(f"AudioStream{cell}") for cell in range(cells.count)]
        for cell in range(cells.count, cells.count + cells.retired):
            former = self._stream(f"AudioStream{cell}")
            # As the deployed versions of the other stacks still name them.
            self.export_value(former.stream_arn)
            self.export_value(former.stream_name)
        self.bucket = self._bucket()

        self.user_pool = self._user_pool()
        self.user_pool_client = self.user_pool.add_client(
            "WebClient",
            auth_flows=cognito.AuthFlow(user_password=True, user_srp=True),
            disable_o_auth=True,
            generate_secret=False,
            prevent_user_existence_errors=True,
            access_token_validity=Duration.hours(1),
            id_token_validity=Duration.hours(1),
            refresh_token_validity=Duration.days(7),
        )
        self.token_issuer = self.user_pool.user_pool_provider_url

        CfnOutput(self, "UserPoolId", value=self.user_pool.user_pool_id)
        CfnOutput(self, "UserPoolClientId", value=self.user_pool_client.user_pool_client_id)
        CfnOutput(self, "AudioBucketName", value=self.bucket.bucket_name)

    @property
    def session_language_index_arn(self) -> str:
        """Connections by session and language."""
        return f"{self.connections.table_arn}/index/{SESSION_LANGUAGE_INDEX}"

    @property
    def clips_arn(self) -> str:
        """Every object of every session."""
        return self.bucket.arn_for_objects("sessions/*")

    def _table(
        self,
        construct_id: str,
        *,
        partition_key: tuple[str, dynamodb.AttributeType],
        sort_key: tuple[str, dynamodb.AttributeType] | None = None,
    ) -> dynamodb.Table:
        return dynamodb.Table(
            self,
            construct_id,
            partition_key=dynamodb.Attribute(name=partition_key[0], type=partition_key[1]),
            sort_key=dynamodb.Attribute(name=sort_key[0], type=sort_key[1]) if sort_key else None,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            time_to_live_attribute="expiresAt",
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=self._settings.keeps_data
            ),
            deletion_protection=self._settings.keeps_data,
            removal_policy=self._removal,
        )

    def _stream(self, construct_id: str) -> kinesis.Stream:
        return kinesis.Stream(
            self,
            construct_id,
            stream_mode=kinesis.StreamMode.PROVISIONED,
            shard_count=1,
            retention_period=Duration.hours(self._settings.cells.retention_h),
            encryption=kinesis.StreamEncryption.MANAGED,
            # Audio in it is a day old at most and belongs to sessions that end with the stack.
            removal_policy=RemovalPolicy.DESTROY,
        )

    def _bucket(self) -> s3.Bucket:
        return s3.Bucket(
            self,
            "AudioBucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            cors=[
                s3.CorsRule(
                    allowed_methods=[s3.HttpMethods.GET],
                    allowed_origins=self._origins(),
                    max_age=3_600,
                )
            ],
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="ClipsExpire",
                    expiration=Duration.days(self._settings.clip_retention_days),
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                )
            ],
            removal_policy=self._removal,
        )

    def _origins(self) -> list[str]:
        """From where browsers may fetch clips.

        CloudFront names its distributions after the bucket is there, so without names of our own it is any of them.
        That lets nobody in: a clip is given to whoever has its presigned address, and to nobody else.
        """
        settings = self._settings
        domains = [domain for domain in (settings.speaker_domain, settings.listener_domain) if domain]
        return [*(f"https://{domain}" for domain in domains or ["*.cloudfront.net"]), *settings.allowed_origins]

    def _user_pool(self) -> cognito.UserPool:
        return cognito.UserPool(
            self,
            "Speakers",
            self_sign_up_enabled=self._settings.speakers_sign_up,
            sign_in_aliases=cognito.SignInAliases(email=True),
            auto_verify=cognito.AutoVerifiedAttrs(email=True),
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            mfa=cognito.Mfa.OFF,
            password_policy=cognito.PasswordPolicy(
                min_length=12, require_digits=True, require_lowercase=True, require_uppercase=True, require_symbols=True
            ),
            deletion_protection=self._settings.keeps_data,
            removal_policy=self._removal,
        )
