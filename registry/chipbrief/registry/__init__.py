"""The registry: every vendor plugin found, loaded in isolation, and the hardware they add.

One failing plugin is named with its distribution, version and error; the rest work. The plugin manager is an
object that is passed in and out, never a module's global.
"""

from chipbrief.registry.fingerprint import code_fingerprint, registry_fingerprint
from chipbrief.registry.found import ENTRY_POINT_GROUP, FILES_VARIABLE, Candidate, candidates, plugin_files
from chipbrief.registry.load import load_candidate, load_registry
from chipbrief.registry.record import PluginRecord, Registry, one_line

__all__ = [
    "ENTRY_POINT_GROUP",
    "FILES_VARIABLE",
    "Candidate",
    "PluginRecord",
    "Registry",
    "candidates",
    "code_fingerprint",
    "load_candidate",
    "load_registry",
    "one_line",
    "plugin_files",
    "registry_fingerprint",
]
