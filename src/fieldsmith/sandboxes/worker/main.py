"""What the interpreter runs that a sandbox is given: a worker, or the warm parent that workers are forked from."""

import json
import os
import sys

from . import life, warm
from .channel import connect


def main():
    """`sys.argv[1]` is the setting, as `setting.py` of the host's side writes it."""
    setting = json.loads(sys.argv[1])
    owner = os.getppid()
    channel = connect(setting["channel"])
    if setting["warm"]:
        warm.run(setting, channel, owner)
    else:
        life.narrow(setting)
        life.prepare(setting["preload"])
        life.live(setting, channel, lambda: os.getppid() == owner)
