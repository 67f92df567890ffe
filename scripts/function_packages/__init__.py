"""The functions as they are uploaded: their packages are built, looked into, and run here in an empty environment."""
