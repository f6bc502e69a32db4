"""What every plugin of chipbrief must keep."""

from chipbrief.testing import HardwareConformance


class TestWeft(HardwareConformance):
    """One test a check."""

    plugin = "weft"
