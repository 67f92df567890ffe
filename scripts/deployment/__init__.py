"""What stands behind ``make deploy`` and its relatives: checks, builds, the CDK's command line, the apps' upload.

AWS is read and the apps are uploaded with boto3, which is pinned with everything else, so that nobody needs the AWS CLI
and every step runs in a test. What CloudFormation does is left to the CDK's own command line.
"""
