"""Batches that were tried and refused although nights after them have run: nothing waits for them.

Put here: the note of such a refusal, and when it still holds. Keep out: who refuses (``ingest.py``, gate 1).

A correction or a late batch that is refused leaves everything as it was. It is tried again once anything
differs that it was judged by: the delivery itself, the batches up to its day, rules and settings.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from contract.model import load_contract
from orchestration.check_rules import CHECK_RULES
from orchestration.errors import BadBatchError, Fault, FaultError, NotFitToLoadError
from orchestration.ingestion.landing import landing_folder
from orchestration.ingestion.manifest import MANIFEST, file_digest
from orchestration.ingestion.mapping import load_mapping
from orchestration.settings import BatchId, Settings, private_folder

FOLDER = "_refused"


class Refusal(BaseModel):
    """One note.

    Attributes:
        judged_by: Checksum of what the batch was judged by.
        at: Whether it could not be read, or gate 1 refused it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    judged_by: str
    at: Literal["ingest", "gate 1"]
    faults: tuple[Fault, ...]

    @property
    def error(self) -> FaultError:
        """What the operator is told in every run until it is mended."""
        faults = list(self.faults)
        return BadBatchError(faults) if self.at == "ingest" else NotFitToLoadError(faults)


def note_refusal(settings: Settings, batch: BatchId, known: Iterable[BatchId], refusal: FaultError) -> None:
    """Keep that a batch was refused.

    Args:
        known: All batches, of which those up to the batch's day count.
    """
    path = _path(settings, batch)
    private_folder(path.parent)
    note = Refusal(
        judged_by=_judged_by(settings, batch, known),
        at="ingest" if isinstance(refusal, BadBatchError) else "gate 1",
        faults=tuple(refusal.faults),
    )
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(note.model_dump_json(indent=1), encoding="utf-8")
    unfinished.replace(path)


def standing_refusal(settings: Settings, batch: BatchId, known: Iterable[BatchId]) -> FaultError | None:
    """Why a batch is not tried again; None if it was not refused, or may fare better now."""
    path = _path(settings, batch)
    if not path.exists():
        return None
    try:
        note = Refusal.model_validate_json(path.read_bytes())
    except ValidationError:
        # trying once more does no harm
        return None
    return note.error if note.judged_by == _judged_by(settings, batch, known) else None


def forget_refusal(settings: Settings, batch: BatchId) -> None:
    """The batch has passed gate 1, or is gone."""
    _path(settings, batch).unlink(missing_ok=True)


def _judged_by(settings: Settings, batch: BatchId, known: Iterable[BatchId]) -> str:
    manifest = landing_folder(settings, batch) / MANIFEST
    digest = hashlib.sha256()
    for part in (
        file_digest(manifest) if manifest.is_file() else "",
        " ".join(str(other) for other in sorted(known) if other.business_date <= batch.business_date),
        CHECK_RULES.read_text(encoding="utf-8"),
        load_contract().model_dump_json(),
        settings.bank.of_figures,
        load_mapping(settings).model_dump_json(),
    ):
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()


def _path(settings: Settings, batch: BatchId) -> Path:
    return settings.lake / FOLDER / batch.folder.parent / f"{batch.folder.name}.json"
