"""Where a local stack could be, for tests of what is told to the apps."""

from typing import Final

from local.endpoints import Endpoints

LOCAL_ENDPOINTS: Final = Endpoints(
    stage="dev",
    region="eu-central-1",
    http_api_url="http://127.0.0.1:1000",
    websocket_url="ws://127.0.0.1:2000/dev",
    user_pool_id="pool",
    user_pool_client_id="client",
    aws_endpoint_url="http://127.0.0.1:3000",
)
