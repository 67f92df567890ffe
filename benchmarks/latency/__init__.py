"""How late listeners hear, hop by hop, and what batching costs."""
