"""Segments that people saved: a file each in ``$ACRM_HOME/segments/``."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from orchestration.errors import ConfigurationError, NotFoundError
from orchestration.releases.privacy import privacy_of
from orchestration.segments.condition import Kind, condition_sql, kind_of_type
from orchestration.segments.tokens import ConditionError
from orchestration.settings import Settings
from orchestration.yaml_files import NotYamlError, read_yaml

_CODE = re.compile("[a-z][a-z0-9_]{0,39}")

SCREENED = ("customer", "dim_customer_360")
"""The table that people screen with."""


class SavedSegment(BaseModel):
    """A segment as its file says it.

    Attributes:
        code: The file's name without its ending.
        owner: Who answers for it.
        condition: Over the columns of ``dim_customer_360``; see ``condition.py``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str = Field(pattern=f"^{_CODE.pattern}$")
    name: str = Field(min_length=1)
    name_zh: str = Field(min_length=1)
    owner: str = Field(min_length=1)
    condition: str = Field(min_length=1)


@dataclass(frozen=True)
class SegmentsOfANight:
    """What a night is told: the segments, with the condition as SQL, and what was refused, by file.

    Attributes:
        segments: A refused one has no condition: its members stay as they are.
    """

    segments: tuple[dict[str, str], ...]
    refused: tuple[str, ...]


def segments_folder(settings: Settings) -> Path:
    """Where the files are."""
    return settings.home / "segments"


def screened_columns(types: Mapping[str, str]) -> dict[str, Kind]:
    """The columns of a table that a condition may name: those that nobody has to be kept from.

    Args:
        types: DuckDB's type of every column.
    """
    return {name: kind_of_type(kind) for name, kind in types.items() if privacy_of(name) is None}


def columns_of_manifest(manifest: Mapping[str, Any]) -> dict[str, Kind]:
    """The same from dbt's manifest, before a night."""
    (node,) = [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["name"] == SCREENED[1]
    ]
    return screened_columns({name: column["data_type"] for name, column in node["columns"].items()})


def read_segment(settings: Settings, code: str) -> SavedSegment:
    """One segment by its code.

    Raises:
        NotFoundError: There is no such file.
        ConfigurationError: The file is not as it has to be.
    """
    for path in _files(settings):
        if path.stem == code:
            return _read(path)
    known = ", ".join(path.stem for path in _files(settings)) or "none"
    raise NotFoundError(f"No segment {code!r} in {segments_folder(settings)}; there are: {known}.")


def segments_of_a_night(settings: Settings, columns: Mapping[str, Kind]) -> SegmentsOfANight:
    """All segments for a night. A file that is refused stops no night: its segment keeps its members."""
    segments: list[dict[str, str]] = []
    refused: list[str] = []
    for path in _files(settings):
        try:
            segment = _read(path)
            sql = condition_sql(segment.condition, columns)
        except (ConfigurationError, ConditionError) as error:
            refused.append(f"{_shown(str(path))}: {error}")
            if _CODE.fullmatch(path.stem):
                # models are told the code; a name that is none never was a segment's
                segments.append({"code": path.stem, "name": "", "name_zh": "", "owner": "", "condition": ""})
        else:
            segments.append(segment.model_dump() | {"condition": sql})
    return SegmentsOfANight(tuple(segments), tuple(refused))


def _files(settings: Settings) -> list[Path]:
    return sorted(segments_folder(settings).glob("*.yml"))


def _shown(name: str) -> str:
    return name if name.isprintable() else ascii(name)


def _read(path: Path) -> SavedSegment:
    name = _shown(path.name)
    try:
        segment = SavedSegment.model_validate(read_yaml(path))
    except NotYamlError as error:
        raise ConfigurationError(f"{name} cannot be read as YAML: {error}") from error
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, f['loc'])) or 'file'}: {f['msg']}" for f in error.errors())
        raise ConfigurationError(f"{name}: {faults}") from error
    if segment.code != path.stem:
        raise ConfigurationError(f"{name}: its code is {segment.code}; the file is called like the code")
    return segment
