"""Variables of the environment that keep a provider from being asked are named before anything is asked."""

import socket

import pytest

from fieldsmith.errors import InputError, MissingPart, ProviderError
from fieldsmith.models import network, open_model
from provider_server import REQUEST, model_of

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def nobody():
    """A port of this machine at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
@pytest.mark.parametrize(
    ("name", "value", "error", "words"),
    [
        ("ALL_PROXY", "socks5://127.0.0.1:1080", MissingPart, r"ALL_PROXY = socks5://127.0.0.1:1080 is a SOCKS proxy"),
        (
            "https_proxy",
            "socks5h://me:secret@127.0.0.1:1080",
            MissingPart,
            r"https_proxy = socks5h://127.0.0.1:1080 is",
        ),
        ("HTTP_PROXY", "ftp://x:1", InputError, "HTTP_PROXY = ftp://x:1 is no address of a proxy"),
        ("HTTPS_PROXY", "http://x:port", InputError, "HTTPS_PROXY is no address of a proxy"),
        ("HTTPS_PROXY", "http://", InputError, "HTTPS_PROXY = http:// is no address of a proxy"),
        ("SSL_CERT_FILE", "/nonexistent/ca.pem", InputError, "SSL_CERT_FILE = /nonexistent/ca.pem cannot be read"),
        ("SSL_CERT_FILE", __file__, InputError, "SSL_CERT_FILE = .* holds no certificates"),
        ("SSL_CERT_FILE", "/", InputError, "SSL_CERT_FILE = / cannot be read"),
        ("SSL_CERT_DIR", "/nonexistent", InputError, "SSL_CERT_DIR = /nonexistent is no folder"),
        ("SSLKEYLOGFILE", "/nonexistent/keys", InputError, "SSLKEYLOGFILE = /nonexistent/keys cannot be written"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(monkeypatch, server, kind, name, value, error, words):
    monkeypatch.setattr(network, "find_spec", lambda _: None)
    monkeypatch.setenv(name, value)
    with pytest.raises(error, match=words) as caught:
        model_of(kind, server)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("kind", "name"), [("openai", "OPENAI_ORG_ID"), ("anthropic", "ANTHROPIC_CUSTOM_HEADERS")])
def test_an_account_that_no_header_can_hold_is_named(monkeypatch, server, kind, name):
    monkeypatch.setenv(name, "orgé")
    with pytest.raises(InputError, match=f"{name} holds characters that no header has"):
        model_of(kind, server)
    other = {"openai": "anthropic", "anthropic": "openai"}[kind]
    assert model_of(other, server).complete(REQUEST).text == "hello"


@pytest.mark.parametrize("name", ["HTTP_PROXY", "all_proxy"])
def test_a_proxy_that_cannot_be_reached_is_named(monkeypatch, server, nobody, name):
    monkeypatch.setenv(name, f"http://me:secret@127.0.0.1:{nobody}")
    with pytest.raises(MissingPart, match=rf"proxy http://127.0.0.1:{nobody} of {name} cannot be reached") as caught:
        model_of("openai", server)
    assert "secret" not in str(caught.value)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert model_of("openai", server).complete(REQUEST).text == "hello"


@pytest.mark.slow
def test_a_proxy_that_goes_away_later_is_named_too(monkeypatch, server, nobody):
    model = model_of("openai", server)
    monkeypatch.setenv("HTTP_PROXY", f"127.0.0.1:{nobody}")
    model.connect = lambda **options: type(model).connect(model, **{**options, "max_retries": 0})
    with pytest.raises(
        ProviderError, match=rf"cannot be reached through the proxy http://127.0.0.1:{nobody} of HTTP_PROXY"
    ):
        model.complete(REQUEST)


def test_proxies_for_other_addresses_are_not_asked_for(monkeypatch, server, nobody):
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{nobody}")
    assert model_of("openai", server).complete(REQUEST).text == "hello"
    with pytest.raises(MissingPart, match="of HTTPS_PROXY cannot be reached"):
        open_model("openai:m")
