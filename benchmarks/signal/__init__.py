"""How well and how cheaply the speaker's sound is measured, and what bad sound costs in words."""
