"""What a failed program may say: one short line that cannot steer a terminal."""

from __future__ import annotations

import re

MOST_BYTES = 500
# What no output may contain of the names in a file (src/tools/README.md).
STEERING = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def is_sentence(line: bytes) -> bool:
    """Whether a line, without its newline, may stand on stderr. Bytes that are not UTF-8 raise."""
    return len(line) <= MOST_BYTES and not STEERING.search(line.decode())
