"""A new warehouse's folder: settings, key, landing, and three customers that run as they are."""

import secrets
import shutil
from pathlib import Path

from contract.model import load_contract
from contract.render import contract_page
from orchestration.errors import ConfigurationError
from orchestration.onboarding.describe import describe
from orchestration.releases.keys import HASH_KEY, key_file
from orchestration.settings import PRIVATE_FILE, Settings, private_folder

_STARTER = Path(__file__).with_name("starter")
_KEY_BYTES = 32
TEMPLATES = "templates"


def make_home(folder: Path, *, is_empty: bool = False) -> Settings:
    """Make a warehouse's folder: ``bank.yml``, ``mapping.yml``, a key of its own, templates and landing.

    Args:
        folder: New, or without content.
        is_empty: Whether landing stays empty; else it gets the three customers of the starter.

    Raises:
        ConfigurationError: The folder has content, or is none.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise ConfigurationError(f"{folder} is no folder. Name a new one.")
    if folder.is_dir() and any(folder.iterdir()):
        raise ConfigurationError(f"{folder} has content already, and nothing was written. Name a new folder.")
    private_folder(folder)
    for name in ("bank.yml", "mapping.yml"):
        shutil.copyfile(_STARTER / name, folder / name)
    settings = Settings.load(folder)
    private_folder(settings.landing)
    _write_key(settings)
    _write_templates(settings)
    if not is_empty:
        shutil.copytree(_STARTER / "landing", settings.landing, dirs_exist_ok=True)
        for delivery in sorted(settings.landing.glob("business_date=*/sequence=*")):
            describe(settings, delivery)
    return settings


def _write_key(settings: Settings) -> None:
    path = key_file(settings, HASH_KEY)
    private_folder(path.parent)
    path.touch(mode=PRIVATE_FILE)
    path.write_text(secrets.token_hex(_KEY_BYTES) + "\n", encoding="utf-8")


def _write_templates(settings: Settings) -> None:
    """A file with the header of every table, and beside them what each column means."""
    folder = private_folder(settings.home / TEMPLATES)
    for table in load_contract().tables:
        (folder / f"{table.name}.csv").write_text(",".join(table.column_names) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(contract_page(is_beside_templates=True), encoding="utf-8")
