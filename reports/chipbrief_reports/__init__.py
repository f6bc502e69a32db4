"""The press: results to briefing to HTML, PDF and data files, and the command line."""
