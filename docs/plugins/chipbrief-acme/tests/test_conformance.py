"""What every plugin of chipbrief must keep."""

from chipbrief.testing import HardwareConformance


class TestAcme(HardwareConformance):
    """One test a check."""

    plugin = "acme"
