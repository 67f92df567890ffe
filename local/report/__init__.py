"""What came of a broadcast: numbers, captions, sound and a picture."""
