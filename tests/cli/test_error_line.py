"""The last line of a command that failed."""

from fieldsmith.cli.output import Output
from fieldsmith.errors import ProviderError


def test_a_providers_terminal_codes_do_not_reach_the_terminal(capsys):
    Output().error(ProviderError("The server said \x1b[2J\x1b]0;owned\x07 no.\nTwice.", "Try\tagain."))
    line = capsys.readouterr().err
    assert line.startswith("fieldsmith: The server said")
    assert line.endswith("no. Twice. Try again.\n")
    assert all(character.isprintable() for character in line[:-1])
