"""API Gateway on one machine: a WebSocket API, its `@connections` API and an HTTP API, in front of Lambda's Invoke API.

Only what is documented of API Gateway's behaviour is imitated: limits, refusals, close codes, event shapes. Its
throttling, access logs, custom domains and signature checks are not there. Where nothing is documented: a connection
closed through `@connections` gets 1000; pings do not count against the idle time; a client that does not read what it
is sent for `send_seconds` is cut off and answered as gone.
"""
