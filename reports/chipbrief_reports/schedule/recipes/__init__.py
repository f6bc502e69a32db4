"""Recipes that let a machine call `chipbrief schedule tick`: systemd, cron, Kubernetes, GitHub Actions."""

from chipbrief_reports.schedule.recipes.cron import cron
from chipbrief_reports.schedule.recipes.github import github
from chipbrief_reports.schedule.recipes.kubernetes import kubernetes
from chipbrief_reports.schedule.recipes.recipe import EVERY, Recipe, Timing
from chipbrief_reports.schedule.recipes.systemd import systemd

__all__ = ["EVERY", "Recipe", "Timing", "cron", "github", "kubernetes", "systemd"]
