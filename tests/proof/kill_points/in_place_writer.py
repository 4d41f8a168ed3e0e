"""A program that does it wrong: it replaces a file by writing over it. The proof must find that."""

import sys

with open("result.json", "wb", buffering=0) as file:
    for piece in (b'{"value":', b" 2}") if "--again" not in sys.argv else (b'{"value": 2}',):
        file.write(piece)
