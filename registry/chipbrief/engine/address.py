"""Where a cluster may be, and what it takes to talk to it: nothing on loopback, certificates everywhere else."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from chipbrief.engine.protocol import EngineError
from chipbrief.errors import did_you_mean

__all__ = ["TlsFiles", "check_address", "is_private", "tls_files"]

_SCHEMES = ("tcp", "tls")
_SETTINGS = {  # of dask's configuration, and the environment variable that sets each
    "distributed.comm.tls.ca-file": "DASK_DISTRIBUTED__COMM__TLS__CA_FILE",
    "distributed.comm.tls.client.cert": "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT",
    "distributed.comm.tls.client.key": "DASK_DISTRIBUTED__COMM__TLS__CLIENT__KEY",
}


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files: the authority that signed every certificate of the cluster, our own certificate and its key.

    The authority must be the cluster's own: who holds a certificate that it signed is trusted, whatever its host.
    """

    authority: Path
    certificate: Path
    key: Path

    def check(self) -> None:
        """Raise EngineError when one of them is no file."""
        for path in (self.authority, self.certificate, self.key):
            if not path.is_file():
                raise EngineError(f"{path} is named for TLS, and is no file")


def check_address(address: str) -> None:
    """Refuse an address that is none, or that would send work over a network in the clear; asks no name server.

    Raises:
        EngineError: says what is wrong with it.
    """
    scheme, mark, _ = address.partition("://")
    if not mark or scheme not in _SCHEMES:
        hint = did_you_mean(scheme, _SCHEMES) if mark else ""
        raise EngineError(f"expected an address such as tcp://127.0.0.1:8786, got {address!r}{hint}")
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise EngineError(f"{address!r} is no address: {error}") from None
    if not host or parts.path or parts.query or parts.username:
        raise EngineError(f"expected an address such as tcp://127.0.0.1:8786, got {address!r}")
    if not is_private(address):
        raise EngineError(
            f"{address} is not this machine, and tcp:// is not encrypted: use tls://{address.partition('://')[2]}"
        )


def is_private(address: str) -> bool:
    """Whether nobody else can read or change what is sent to a valid address: TLS, or this machine's loopback."""
    parts = urlsplit(address)
    return parts.scheme == "tls" or _is_loopback(parts.hostname or "")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:  # a name, which may be anywhere
        return False


def tls_files(address: str, config: Any) -> TlsFiles:
    """The files that dask's configuration or environment names.

    Args:
        address: for messages.
        config: `dask.config`.

    Raises:
        EngineError: names the settings that are missing.
    """
    found = {name: config.get(name, None) for name in _SETTINGS}
    missing = [variable for name, variable in _SETTINGS.items() if not found[name]]
    if missing:
        raise EngineError(
            f"{address} needs certificates: set {', '.join(missing)} (or the same in dask's configuration)"
        )
    return TlsFiles(*(Path(name) for name in found.values()))
