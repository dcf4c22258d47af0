"""What may have become of a delivered file."""

import json
import random
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path


def seal(folder: Path, path: Path) -> None:
    """Have the manifest agree with a damaged file, so that it is read and not refused for its sum."""
    manifest = folder / "manifest.json"
    content = json.loads(manifest.read_text(encoding="utf-8"))
    for table in content["tables"].values():
        for file in table["files"]:
            if file["name"] == path.name:
                file["sha256"] = sha256(path.read_bytes()).hexdigest()
    manifest.write_text(json.dumps(content), encoding="utf-8")


def _flip(sound: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(sound)) if sound else 0
    return sound[:place] + bytes([chance.randrange(256)]) + sound[place + 1 :]


def _cut(sound: bytes, chance: random.Random) -> bytes:
    return sound[: chance.randrange(len(sound) + 1)]


def _twice(sound: bytes, chance: random.Random) -> bytes:
    return sound + sound[chance.randrange(len(sound) + 1) :]


def _noise(sound: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(sound) + 1)
    return sound[:place] + chance.randbytes(chance.randint(1, 2000)) + sound[place:]


def _other_words(sound: bytes, chance: random.Random) -> bytes:
    words = [
        b'"',
        b",",
        b"\n",
        b"\r",
        b"\x00",
        b"NaN",
        b"-1e999",
        b"9999-12-31",
        "\u202e".encode(),
        b"../../x",
    ]
    place = chance.randrange(len(sound) + 1)
    return sound[:place] + chance.choice(words) + sound[place:]


DAMAGES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "a byte is another": _flip,
    "the end is missing": _cut,
    "the end comes twice": _twice,
    "noise in it": _noise,
    "a word in it": _other_words,
    "it is empty": lambda sound, chance: b"",
}
