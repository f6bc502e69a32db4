"""How hypothesis draws in the tests of the vendors."""

from hypothesis import settings

# The same examples every time, no files left behind, and no stop-watch on a busy machine.
settings.register_profile("chipbrief", deadline=None, derandomize=True, database=None)
settings.load_profile("chipbrief")
