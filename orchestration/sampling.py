"""Generated banks behind ``acrm sample`` and ``acrm demo``."""

from datetime import date
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from orchestration.console import out
from orchestration.errors import ConfigurationError
from orchestration.releases.keys import provide_demo_key
from orchestration.settings import BatchId, Settings
from sample_bank.contact_year import TooFewCustomersError
from sample_bank.defects import DEFECT_NAMES, Defect, plant_defect
from sample_bank.generate import SampleSpec, generate_bank

DEMO = SampleSpec(end=date(2026, 10, 31), profile="wealthy")
"""10,000 customers, every tier among them, 18 months of history and 5 nights."""


def write_sample(settings: Settings, spec: SampleSpec) -> list[Path]:
    """Write a generated bank into landing, and what is true of it into ``answer_key``.

    Raises:
        ConfigurationError: Landing holds batches of these dates already, or the profile wants more customers.
    """
    with Progress(
        TextColumn("generating customers"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=out,
        disable=not out.is_terminal,
        transient=True,
    ) as bar:
        task = bar.add_task("customers", total=spec.customers)
        try:
            folders = generate_bank(
                spec,
                settings.landing,
                settings.home / "answer_key",
                lambda done, total: bar.update(task, completed=done, total=total),
            )
        except FileExistsError as error:
            raise ConfigurationError(
                f"{settings.landing}: {error}. Name another ACRM_HOME, or other dates."
            ) from error
        except TooFewCustomersError as error:
            raise ConfigurationError(f"--profile {spec.profile}: {error}. Raise --customers.") from error
    provide_demo_key(settings, folders)
    out.print(f"{spec.customers:,} customers, {len(folders)} batches in {settings.landing}")
    return folders


def spoil_last_batch(folders: list[Path], defect: str, seed: int) -> Defect:
    """Plant a defect in the last of some batches.

    Raises:
        ConfigurationError: There is no defect of that name, or the batch cannot have it.
    """
    if defect not in DEFECT_NAMES:
        raise ConfigurationError(f"{defect} is not a defect. Choose one of: {', '.join(DEFECT_NAMES)}.")
    sequence, business_date = folders[-1].name, folders[-1].parent.name
    batch = BatchId(
        date.fromisoformat(business_date.removeprefix("business_date=")),
        int(sequence.removeprefix("sequence=")),
    )
    try:
        return plant_defect(folders[-1].parents[1], batch, defect, seed)
    except ValueError as error:
        raise ConfigurationError(f"{defect}: {error}.") from error
