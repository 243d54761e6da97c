"""What environments are called: `namespace/name-v1`."""

import re

NAME = re.compile(r"(?P<namespace>[a-z0-9][a-z0-9-]*)/(?P<stem>[a-z0-9][a-z0-9-]*)-v(?P<version>[1-9][0-9]*)")
