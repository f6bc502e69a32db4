"""The conformance kit: the checks of `chipbrief plugin check` as tests of a plugin's own suite.

The only module of chipbrief that needs pytest, and one that is asked for by name: nothing else imports it.

    from chipbrief.testing import HardwareConformance

    class TestAcme(HardwareConformance):
        plugin = "acme"
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import ClassVar

import pytest

from chipbrief.conformance import CHECKS, LIMIT_S, Report, examine_apart
from chipbrief.errors import ChipbriefError

__all__ = ["HardwareConformance"]


class HardwareConformance:
    """One test a check, each with all that it found; subclass it and name the plugin.

    Attributes:
        plugin: the name of its entry point.
        limit_s: the most that all checks together may take [s].
    """

    plugin: ClassVar[str]
    limit_s: ClassVar[float] = LIMIT_S

    @pytest.mark.parametrize("check", CHECKS)
    def test_conformance(self, check: str) -> None:
        """The plugin keeps the rule of that id (docs/conformance.md)."""
        try:
            report = _report(self.plugin, self.limit_s)
        except ChipbriefError as error:
            told = f"{error}; install it first: pip install -e ."
            pytest.fail(told, pytrace=False) if check == "loads" else pytest.skip(told)
        found = [finding.sentence for finding in report.of(check)]
        if found:
            pytest.fail("\n".join([f"{check}: {CHECKS[check].text}", *found]), pytrace=False)
        if check not in report.reached:
            pytest.skip("not reached: see the check `ends`")
        if not report.plugin.loaded and check not in ("to-do", "loads", "ends", "thin-import"):
            pytest.skip("there is no system to check: see the checks `to-do` and `loads`")


@lru_cache(maxsize=8)
def _report(plugin: str, limit_s: float) -> Report:
    """The checks of a plugin, run once however many tests tell of them."""
    return examine_apart(plugin, date.today(), limit_s=limit_s)  # the day of the test: figures do age
