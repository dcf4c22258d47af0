"""Where the real data set is; it is not part of the project."""

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def berka_folder() -> Path:
    """``ACRM_BERKA``, else ``shared/data/berka`` beside the project."""
    folder = Path(os.environ.get("ACRM_BERKA") or PROJECT.parent / "shared" / "data" / "berka")
    if not (folder / "trans.parquet").is_file():
        pytest.skip(
            f"THE REAL BANK DATA IS NOT CHECKED: no trans.parquet in {folder}. "
            "Set ACRM_BERKA to a folder with the Berka tables as Parquet files."
        )
    return folder
