"""YAML that people write: what it says, or one line on why nobody can tell.

Put here: reading it. Keep out: what it has to say (each reader's own model).

A file may be anything under that name: a pipe that nobody writes into, a gigabyte, a date that is none, lists
in lists to any depth. None of that may end a night, or keep it waiting.
"""

import os
import stat
from pathlib import Path
from typing import Any

import yaml

MOST_BYTES = 1 << 20


class NotYamlError(Exception):
    """Why it cannot be read, in words that quote none of its values."""


def read_yaml(path: Path, *, is_typed: bool = True) -> Any:  # noqa: ANN401 - whatever it says
    """What a file says; None if it is empty.

    Args:
        is_typed: See :func:`parse_yaml`.

    Raises:
        NotYamlError: It is absent, no file, larger than 1 MiB, not UTF-8 or not YAML.
    """
    try:
        # a pipe opens at once, and is told by what was opened
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise NotYamlError("it is no file")
        with os.fdopen(handle, "rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise NotYamlError(f"{error.strerror}") from error
    if len(content) > MOST_BYTES:
        raise NotYamlError("it is larger than 1 MiB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotYamlError("it is not UTF-8") from error
    return parse_yaml(text, is_typed=is_typed)


def parse_yaml(text: str, *, is_typed: bool = True) -> Any:  # noqa: ANN401 - whatever it says
    """What a text says.

    Args:
        is_typed: Whether 01 is a number; otherwise every value is the text that stands there.

    Raises:
        NotYamlError: It is not YAML, or names a date or number that is none.
    """
    try:
        return yaml.load(text, Loader=yaml.SafeLoader if is_typed else yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        place = f"line {error.problem_mark.line + 1}" if error.problem_mark else "it"
        raise NotYamlError(f"{place} is not YAML, {error.problem}") from error
    except yaml.YAMLError as error:
        raise NotYamlError("it holds characters that are none of YAML's") from error
    except RecursionError as error:
        raise NotYamlError("it is too deep") from error
    except (ValueError, AttributeError) as error:
        raise NotYamlError("a date or number in it is none") from error
