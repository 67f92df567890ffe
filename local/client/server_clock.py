"""How far the server's clock provably differs from ours."""


def clock_offset_ms(*, server_time_ms: int, asked_at_ms: int, answered_at_ms: int) -> int:
    """The smallest offset (server minus client) with which a server's time lies between question and answer.

    Zero as long as the clocks may agree: an answer that took long, as from a cold function, says nothing about them.
    """
    if server_time_ms > answered_at_ms:
        return server_time_ms - answered_at_ms
    return min(0, server_time_ms - asked_at_ms)
