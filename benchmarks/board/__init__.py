"""All benches, one table."""
