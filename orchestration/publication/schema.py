"""The published schema as a contract: what readers rely on, its version, and what would break them.

``contract/published.json`` is the schema as it was last agreed; ``acrm schema --write`` writes it, and
refuses a breaking change unless ``SCHEMA_VERSION`` was stepped. New tables and columns break nobody.
"""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from contract.classes import Importance, Pfi
from orchestration.errors import ConfigurationError
from orchestration.publication.classes import pfi_classes
from orchestration.publication.quality import DATA_AS_OF, GATE_MARTS, RELEASE_BATCH
from orchestration.releases.catalog import SCHEMA_VERSION
from orchestration.releases.marts import Mart
from orchestration.releases.privacy import Privacy
from orchestration.settings import PROJECT

SCHEMA_FILE = PROJECT / "contract" / "published.json"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SchemaColumn(_Frozen):
    """What readers rely on in a column.

    Attributes:
        pfi: Class of personal financial information (``contract/classes.py``).
        gone_from: Date from which a deprecated column may be gone.
    """

    data_type: str
    pfi: Pfi
    privacy: Privacy | None = None
    gone_from: date | None = None


class SchemaTable(_Frozen):
    """What readers rely on in a table."""

    grain: tuple[str, ...]
    partition: str | None = None
    importance: Importance
    columns: dict[str, SchemaColumn]


class PublishedSchema(_Frozen):
    """All published tables, by schema and name."""

    version: int
    tables: dict[str, SchemaTable]


def published_schema(marts: Iterable[Mart]) -> PublishedSchema:
    """The schema that marts, and the tables every release has beside them, make."""
    everything = sorted((*marts, *GATE_MARTS, DATA_AS_OF, RELEASE_BATCH), key=lambda mart: mart.full_name)
    return PublishedSchema(
        version=SCHEMA_VERSION, tables={mart.full_name: _schema_table(mart) for mart in everything}
    )


def agreed_schema(path: Path = SCHEMA_FILE) -> PublishedSchema:
    """The schema as it was last agreed."""
    return PublishedSchema.model_validate_json(path.read_bytes())


def breaking_changes(old: PublishedSchema, new: PublishedSchema) -> list[str]:
    """What the new schema takes from readers of the old one, a line each."""
    broken = []
    for name, table in old.tables.items():
        now = new.tables.get(name)
        if now is None:
            broken.append(f"{name} is gone")
            continue
        for what in ("grain", "partition"):
            before, after = getattr(table, what), getattr(now, what)
            if before != after:
                broken.append(f"{name}: {what} was {before}, is {after}")
        for column, promised in table.columns.items():
            held = now.columns.get(column)
            if held is None:
                broken.append(f"{name}.{column} is gone")
                continue
            for what in ("data_type", "privacy"):
                before, after = getattr(promised, what), getattr(held, what)
                if before != after:
                    broken.append(f"{name}.{column}: {what} was {before}, is {after}")
    return broken


def write_schema(new: PublishedSchema, path: Path = SCHEMA_FILE) -> None:
    """Agree on a schema.

    Raises:
        ConfigurationError: It breaks readers of the one before under the same version.
    """
    if path.exists():
        old = agreed_schema(path)
        broken = breaking_changes(old, new)
        if broken and new.version <= old.version:
            raise ConfigurationError(
                f"These changes break readers of version {old.version}: {'; '.join(broken)}. Keep the"
                " columns and deprecate them (config.meta.gone_from), or step SCHEMA_VERSION in"
                " releases/catalog.py."
            )
    path.write_text(new.model_dump_json(indent=1, exclude_defaults=True) + "\n", encoding="utf-8")


def _schema_table(mart: Mart) -> SchemaTable:
    classes = pfi_classes(mart)
    return SchemaTable(
        grain=mart.grain,
        partition=mart.partition,
        importance=mart.importance,
        columns={
            column.name: SchemaColumn(
                data_type=(column.data_type or "varchar").lower().replace(" ", ""),
                privacy=column.privacy,
                pfi=classes[column.name],
                gone_from=column.gone_from,
            )
            for column in mart.columns
        },
    )
