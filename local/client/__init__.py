"""Clients of Babelcast that behave as the two apps do: an independent reading of docs/protocol.md.

They share no code with the server, so that a misreading on one side does not go unnoticed on the other.
"""
