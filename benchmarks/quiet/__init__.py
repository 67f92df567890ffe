"""Whether anything is made of silence, noise and music."""
