"""Lambda's event source mapping for Kinesis on one machine: reads shards, gathers batches, invokes the function.

Positions are kept in memory only: a new process begins at the mapping's starting position again.
"""
