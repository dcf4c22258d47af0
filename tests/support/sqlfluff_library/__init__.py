"""What sqlfluff knows of a model's Jinja: every name of this file.

sqlfluff reads it for each file that it lints (``library_path`` in pyproject.toml). Models are linted as any
night but the first sees them; with ACRM_LINTED_NIGHT=first, as the first does.
"""

import os
import sys
from pathlib import Path

# sqlfluff's own command does not look into the project
sys.path.append(str(Path(__file__).resolve().parents[3]))

from tests.support.macros import linted

globals().update(linted(os.environ.get("ACRM_LINTED_NIGHT") == "first"))
