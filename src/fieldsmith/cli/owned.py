"""`python -m fieldsmith.cli.owned COMMAND …`: the command line for a program that keeps a pipe to its standard input.

It ends, as after Ctrl-C, when the pipe does: with whoever started it, even if that was killed.
"""

import os
import signal
import sys
import threading


def _end_with_input() -> None:
    while os.read(sys.stdin.fileno(), 1 << 10):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    from fieldsmith.cli.main import main

    threading.Thread(target=_end_with_input, daemon=True).start()
    main()
