"""One verb per module, written against ports."""
