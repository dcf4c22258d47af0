"""What is published: one :class:`Mart` per table, from dbt's manifest (``quality.py`` has the others)."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from contract.classes import Importance, Pfi
from orchestration.errors import PublicationError
from orchestration.project import Identifier, column_meta, is_published, model_meta
from orchestration.releases.privacy import Privacy, privacy_of

DataType = Annotated[str, StringConstraints(pattern=r"(?i)^[a-z]+(\(\d+, ?\d+\))?$")]


Cut = Literal["whole", "employee"]
"""A table of no customer and no org that every cut of a release holds."""


class MartColumn(BaseModel):
    """One published column.

    Attributes:
        data_type: Type the model's contract promises, checked against the build database; none means any.
        zh: Chinese name, empty where there is none.
        privacy: What becomes of its values when they leave the build database.
        pfi: Class of personal financial information, where its name does not tell.
        coined: Beginning, before customer and product, of values that the warehouse made up: they stay.
        gone_from: Date from which a deprecated column may be gone; its description says what to use instead.
        is_own_currency: Whether an amount is in the currency of its trade or account.
    """

    model_config = ConfigDict(frozen=True)

    name: Identifier
    data_type: DataType | None = None
    description: str = ""
    zh: str = ""
    privacy: Privacy | None = None
    pfi: Pfi | None = None
    coined: str | None = None
    gone_from: date | None = None
    is_own_currency: bool = False

    @model_validator(mode="after")
    def _can_leave(self) -> "MartColumn":
        if self.privacy == "withhold":
            raise ValueError(f"{self.name} is private and cannot be published")
        if self.privacy and (self.data_type or "varchar").lower() != "varchar":
            raise ValueError(f"{self.name} is private and not text: its values cannot be made unreadable")
        return self


class Mart(BaseModel):
    """One published table.

    Attributes:
        schema_name: Schema in the build database and in the release.
        grain: Columns that identify a row, in the order rows are sorted by.
        partition: ``month_start_date`` where a release replaces single months of the table; ``calendar_date``
            or ``knowledge_date`` where it adds days to it.
        changed_on: Column with the night that last wrote a row, in a table where any night may write rows of
            any month; none where a night only writes the months that it computes.
        columns: All columns, in published order.
        cut: ``whole`` where everybody may see a table that names neither customers nor orgs; ``employee``
            where a manager sees the rows that name him, whoever looks after the customer.
        importance: What the regulator's catalogue calls its data.
    """

    model_config = ConfigDict(frozen=True)

    schema_name: Identifier
    name: Identifier
    grain: tuple[Identifier, ...] = Field(min_length=1)
    partition: Literal["month_start_date", "calendar_date", "knowledge_date"] | None = None
    changed_on: Identifier | None = None
    description: str = ""
    zh: str = ""
    columns: tuple[MartColumn, ...] = Field(min_length=1)
    cut: Cut | None = None
    importance: Importance = "general"

    @property
    def full_name(self) -> str:
        """Schema and table, as in SQL."""
        return f"{self.schema_name}.{self.name}"

    @property
    def column_names(self) -> list[str]:
        """Names of the columns, in published order."""
        return [column.name for column in self.columns]

    @model_validator(mode="after")
    def _columns_hold_keys(self) -> "Mart":
        names = self.column_names
        missing = {*self.grain, *filter(None, [self.partition, self.changed_on])} - set(names)
        if missing or len(names) != len(set(names)):
            raise ValueError(f"columns repeat, or these keys are not among them: {sorted(missing)}")
        return self


def marts_from_manifest(manifest: Mapping[str, Any]) -> list[Mart]:
    """Find every model under ``models/marts/`` in dbt's ``manifest.json``, and the seeds to publish.

    What they say of themselves is typed in ``orchestration/project.py``.

    Returns:
        Marts by schema and name.

    Raises:
        PublicationError: A model has no grain, no columns or a name that cannot be published.
    """
    nodes = [node for node in manifest["nodes"].values() if is_published(node)]
    return sorted((_mart(node) for node in nodes), key=lambda mart: mart.full_name)


def _mart(node: Mapping[str, Any]) -> Mart:
    types = (node.get("config") or {}).get("column_types") or {}
    try:
        meta = model_meta(node)
        return Mart(
            schema_name=node["schema"],
            name=node.get("alias") or node["name"],
            grain=meta.grain,
            partition=meta.partition,
            changed_on=meta.changed_on,
            description=node.get("description", "").strip(),
            zh=meta.zh,
            # rules are nobody's secret
            cut="whole" if node["resource_type"] == "seed" else meta.cut,
            importance=meta.importance,
            columns=tuple(_column(column, types) for column in node["columns"].values()),
        )
    except ValidationError as error:
        reasons = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'model'}: {fault['msg']}" for fault in error.errors()
        )
        raise PublicationError(
            f"{node['original_file_path']}: cannot be published ({reasons}). "
            "Give the model's YAML a config.meta.grain list and all its columns."
        ) from error


def _column(column: Mapping[str, Any], types: Mapping[str, str]) -> MartColumn:
    meta = column_meta(column)
    return MartColumn(
        name=column["name"],
        data_type=column.get("data_type") or types.get(column["name"]),
        description=column.get("description", "").strip(),
        zh=meta.zh,
        # what the contract says cannot be undone by a model
        privacy=privacy_of(column["name"]) or meta.privacy,
        pfi=meta.pfi,
        coined=meta.coined,
        gone_from=meta.gone_from,
        is_own_currency=meta.currency == "own" or column["name"].endswith("_ccy_amt"),
    )
