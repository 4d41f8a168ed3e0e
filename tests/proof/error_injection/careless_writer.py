"""A program that does it wrong: it takes no notice of errors. The proof must find that."""

import os

file = os.open("result.json", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
try:
    os.write(file, b'{"value": 2}')
except OSError:
    pass
