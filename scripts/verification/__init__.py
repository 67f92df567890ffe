"""What `scripts/verify_pipeline.py` does: one broadcast, followed step by step, and a verdict on every step."""
