"""Calibration: the constants of every family of chips, fitted to measured points and judged on what was left out."""

from chipbrief.calibrate.run import CALIBRATE_SPLIT, Calibration, calibrate, error_summary

__all__ = ["CALIBRATE_SPLIT", "Calibration", "calibrate", "error_summary"]
