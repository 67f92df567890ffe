"""How the speaker's sound is: measured block by block, the same whatever the batches.

The only part of the domain that needs numpy; `babelcast.domain.sound_issue` says what it finds without it.
"""
