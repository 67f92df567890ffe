"""The CDK app: the one description of what Babelcast runs on, deployed to AWS and read by the local stack."""

import os

# jsii starts Node as soon as aws_cdk is imported, and greets Node 20 with a banner about its end of life.
os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")
