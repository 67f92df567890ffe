"""Lambda's event source mapping for Kinesis on one machine: reads shards, gathers batches, invokes the function.

Positions are kept in a directory, if there is one: a process that is started again goes on where the last one was, and
delivers what was on its way again.
"""
