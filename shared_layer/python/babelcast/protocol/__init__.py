"""What goes over the wire: bytes to domain values and back, nothing else."""
