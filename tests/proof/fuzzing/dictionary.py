"""Words that a mutation may put in: of formats by hand, of configs from the program's own schema."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
WITH_CONFIG = ("config", "onnx", "override", "checkpoint", "library")


def words_of(schema: object) -> Iterator[str]:
    """Keys and names that a JSON Schema mentions."""
    if isinstance(schema, list):
        for element in schema:
            yield from words_of(element)
    elif isinstance(schema, dict):
        yield from schema.get("properties", {})
        names = [schema.get("const"), *schema.get("enum", [])]
        yield from (name for name in names if isinstance(name, str))
        for value in schema.values():
            yield from words_of(value)


def dictionary_of(target: str, train: str, folder: Path) -> list[str]:
    """libFuzzer's option, if there are words for the target."""
    path = HERE / "dictionary" / f"{target}.txt"
    if target in WITH_CONFIG:
        printed = subprocess.run([train, "--print-schema"], capture_output=True, check=True)
        path = folder / "dictionary"
        words = sorted({word for word in words_of(json.loads(printed.stdout)) if word.isascii()})
        path.write_text("".join(f'"\\"{word}\\""\n' for word in words if word.isprintable()
                                and not set(word) & set('"\\')))
    return [f"-dict={path}"] if path.exists() else []
