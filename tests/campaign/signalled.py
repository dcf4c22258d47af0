"""``python -m tests.campaign.signalled``: commands that are asked to end at a given touch of a file.

Reads a list of ``[arguments, touch, signal]`` from standard input and writes one of ``[exit code, output]``:
one process imports what all of them need, and nothing of it has started a thread before it is forked.
"""

import json
import sys
from pathlib import Path

from tests.campaign.children import Kill, start


def main() -> None:
    """Run them one after another on one warehouse, the first argument; the second is a folder to write in."""
    home, folder = map(Path, sys.argv[1:])
    ends = []
    for arguments, touch, number in json.load(sys.stdin):
        kill = None if touch is None else Kill(touch, by=number)
        ended = start(home, arguments, folder / "said.txt", kill=kill).wait()
        ends.append([ended.code, ended.said])
    json.dump(ends, sys.stdout)


if __name__ == "__main__":
    main()
