"""What codes are called, by the project's table of codes (``reference.dim_code`` in a release).

Put here: names for pages that are written without a release. Keep out: names in SQL, which join the table.
"""

import csv
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from orchestration.settings import PROJECT

CODES_FILE = PROJECT / "seeds" / "reference" / "dim_code.csv"


class CodeName(NamedTuple):
    """The names of a code, in Chinese and in English."""

    zh: str
    en: str


@cache
def code_names() -> Mapping[tuple[str, str], CodeName]:
    """Names by kind and code, as ``("tier_code", "gold")``."""
    with CODES_FILE.open(encoding="utf-8", newline="") as lines:
        return {
            (row["code_kind"], row["code"]): CodeName(row["code_name_zh"], row["code_name"])
            for row in csv.DictReader(lines)
        }
