"""Editions as a static site: an index, a feed, the history of every figure, and a server for this machine alone."""

from chipbrief_reports.site.serve import SiteServer, serve
from chipbrief_reports.site.write import checked_address, write_site

__all__ = ["SiteServer", "checked_address", "serve", "write_site"]
