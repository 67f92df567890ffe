"""Where alarms go: an encrypted topic that takes messages from this account's alarms alone."""

from aws_cdk import Aws, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct


class AlarmTopic(Construct):
    """A topic that CloudWatch can publish to.

    It has a key of its own: CloudWatch may not use the one that AWS manages for SNS, and would drop every message.

    Attributes:
        topic: For further subscriptions.
    """

    def __init__(self, scope: Construct, construct_id: str, *, email: str | None) -> None:
        super().__init__(scope, construct_id)
        key = kms.Key(
            self,
            "Key",
            description="Babelcast's alarms on their way",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.topic = sns.Topic(self, "Topic", master_key=key, enforce_ssl=True)
        key.add_to_resource_policy(self._from_alarms("kms:Decrypt", "kms:GenerateDataKey*", on="*"))
        self.topic.add_to_resource_policy(self._from_alarms("sns:Publish", on=self.topic.topic_arn))
        if email:
            self.topic.add_subscription(subscriptions.EmailSubscription(email))

    def _from_alarms(self, *actions: str, on: str) -> iam.PolicyStatement:
        alarms = Stack.of(self).format_arn(service="cloudwatch", resource="alarm:*")
        return iam.PolicyStatement(
            principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
            actions=list(actions),
            resources=[on],
            conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}, "ArnLike": {"aws:SourceArn": alarms}},
        )
