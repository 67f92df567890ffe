"""DynamoDB, S3, Kinesis, SQS and Cognito on one machine: moto, behind a server of our own.

moto's application is not safe for concurrency: two simultaneous writes can take one Kinesis sequence number, and a
DynamoDB condition can be true for both. So requests are served one after the other, on one thread; moto works in pure
Python, so this costs little. Only SQS is left to threads: its long poll would hold everybody else up. What is made slow
or made to fail on purpose is so before a request reaches moto, and holds nobody else up either.

Kinesis records leave the memory after `--stream-retention-seconds`.
"""
