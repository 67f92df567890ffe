"""Settings for every test."""

from hypothesis import settings

# A shared machine may stall at any moment, so no example has a deadline; what has to be fast is benchmarked.
settings.register_profile("babelcast", deadline=None)
settings.load_profile("babelcast")
