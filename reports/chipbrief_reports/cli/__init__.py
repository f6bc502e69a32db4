"""The command line, `chipbrief`: one small module a command, loaded when it is called."""

from chipbrief_reports.cli.app import main

__all__ = ["main"]
