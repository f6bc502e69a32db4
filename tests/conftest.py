"""How hypothesis draws, in every test: the same examples every time, no files left behind, no stop-watch."""

from hypothesis import settings

settings.register_profile("chipbrief", deadline=None, derandomize=True, database=None)
settings.load_profile("chipbrief")
