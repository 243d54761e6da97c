"""What the environment says of proxies, certificates and accounts, looked at before anything is asked.

The HTTP library of the SDKs reads these variables by itself and fails in words that name none of them.
"""

import os
import socket
import ssl
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from fieldsmith.errors import InputError, MissingPart
from fieldsmith.models.keys import plain

SCHEMES = ("http", "https", "socks5", "socks5h")
PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
SECONDS = 5.0
"""How long a proxy may take to be reached."""
HEADERS = (
    "OPENAI_ORG_ID",
    "OPENAI_PROJECT_ID",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_CUSTOM_HEADERS",
    "OPENAI_CUSTOM_HEADERS",
)
"""Variables that an SDK sends on as headers."""


def check_network(prefix: str, address: str) -> None:
    """Raises InputError and MissingPart for a variable that would keep `address` from being asked."""
    for scheme in ("http", "https", "all"):
        if getproxies().get(scheme):
            _check_proxy(scheme)
    _check_certificates(*(os.environ.get(name, "") for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")))
    for variable in HEADERS:
        value = os.environ.get(variable, "")
        if variable.startswith(prefix.upper()) and not all(map(plain, value.split())):
            raise InputError(f"{variable} holds characters that no header has.", "Copy it again, or unset it.")
    if (scheme := _scheme_for(address)) is not None:
        _reach_proxy(scheme, address)


def way_to(address: str) -> str:
    """Through which proxy an address is asked, as words that follow; empty where it is asked directly."""
    scheme = _scheme_for(address)
    return "" if scheme is None else f" through the proxy {_shown(scheme)} of {_variable(scheme)}"


def _scheme_for(address: str) -> str | None:
    """Which of the environment's proxies an address is asked through."""
    parts, proxies = urlsplit(address), getproxies()
    if proxies.get("no", "").strip() == "*" or (parts.hostname and proxy_bypass(parts.netloc)):
        return None
    return next((scheme for scheme in (parts.scheme, "all") if proxies.get(scheme)), None)


def _check_proxy(scheme: str) -> None:
    told, name = _proxy(scheme), _variable(scheme)
    try:
        parts = urlsplit(told)
        usable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        raise InputError(
            f"{name} is no address of a proxy.", f"Write it like http://proxy:3128, or unset {name}."
        ) from None
    if parts.scheme not in SCHEMES or not usable:
        raise InputError(
            f"{name} = {_shown(scheme)} is no address of a proxy.",
            f"Write it like http://proxy:3128 (schemes: {', '.join(SCHEMES)}), or unset {name}.",
        )
    if parts.scheme.startswith("socks") and find_spec("socksio") is None:
        raise MissingPart(
            f"{name} = {_shown(scheme)} is a SOCKS proxy, which needs the package socksio.",
            f"pip install socksio, or unset {name}.",
        )


def _reach_proxy(scheme: str, address: str) -> None:
    """Raises MissingPart for a proxy that does not answer, which would look like a provider that does not."""
    parts = urlsplit(_proxy(scheme))
    try:
        socket.create_connection((parts.hostname or "", parts.port or PORTS[parts.scheme]), SECONDS).close()
    except OSError as error:
        raise MissingPart(
            f"The proxy {_shown(scheme)} of {_variable(scheme)} cannot be reached ({error.strerror or error}), and "
            f"{address} is asked through it.",
            f"Start it, mend {_variable(scheme)}, or name the server in NO_PROXY.",
        ) from None


@cache
def _check_certificates(file: str, folder: str, log: str) -> None:
    """What Python makes of the variables that name certificates, before an HTTP library does."""
    if file:
        _check_file("SSL_CERT_FILE", file)
    elif folder and not Path(folder).is_dir():
        raise InputError(f"SSL_CERT_DIR = {folder} is no folder.", "Name a folder of certificates, or unset it.")
    if log:
        try:
            with Path(log).open("a", encoding="utf-8"):
                pass
        except OSError as error:
            raise InputError(
                f"SSLKEYLOGFILE = {log} cannot be written: {error.strerror}.", "Name another file, or unset it."
            ) from None


def _check_file(name: str, file: str) -> None:
    try:
        with Path(file).open("rb"):
            pass
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cafile=file)
    except ssl.SSLError:
        raise InputError(
            f"{name} = {file} holds no certificates.", "Name a file of them in PEM form, or unset it."
        ) from None
    except OSError as error:
        raise InputError(
            f"{name} = {file} cannot be read: {error.strerror}.",
            "Name a file of certificates in PEM form, or unset it.",
        ) from None


def _proxy(scheme: str) -> str:
    told = getproxies()[scheme]
    return told if "://" in told else f"http://{told}"


def _shown(scheme: str) -> str:
    """A proxy without the name and the password that its address may hold."""
    before, _, after = _proxy(scheme).rpartition("@")
    return f"{before.partition('://')[0]}://{after}" if before else after


def _variable(scheme: str) -> str:
    """The variable as it is written here: the small letters win where both are set."""
    small = f"{scheme}_proxy"
    return small if os.environ.get(small) else small.upper()
