"""Writing the examiner's folder: the rules, the facts as CSV files, a page that leads through, checksums."""

import csv
import os
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from contract.classes import LEVEL_MEANINGS, PFI_MEANINGS, PFI_SOURCE
from orchestration.evidence import facts
from orchestration.evidence.duties import Duties, Law, load_duties
from orchestration.ingestion.manifest import file_digest
from orchestration.releases.on_disk import current_release
from orchestration.rooms import room_beside
from orchestration.settings import PRIVATE_FILE, Settings, private_folder, require_new

PAGE = "README.md"
SUMS = "SHA256SUMS"

_FACTS: Mapping[str, tuple[str, Callable[[Settings], facts.Table]]] = {
    "columns.csv": ("class and level of every delivered and published column", lambda _: facts.columns()),
    "releases.csv": ("releases that are kept, with the checksum of each catalogue", facts.kept_releases),
    "batches.csv": ("batches in the lake, with the checksum of each manifest", facts.batches),
    "gates.csv": ("checks of every night, and how many failed", facts.gates),
    "checks.csv": ("every check of the newest night", facts.checks),
    "restatements.csv": ("closed months that changed, with the cause", facts.restatements),
    "withdrawals.csv": ("batches that were taken out: who, when, why", facts.withdrawn_batches),
    "erasure_runs.csv": ("who had customers erased, when and by which order", facts.runs_of_erase),
    "erasures.csv": ("requests to be forgotten, without the persons", facts.erasures),
    "choices.csv": ("the bank's choices, terms of retention included", facts.choices),
    "rights.csv": ("who may enter the folders and read the keys", facts.rights),
}
RULES = "rules.csv"
_COMPUTED = ("=", "+", "-", "@", "\t", "\r")
FILES = (PAGE, RULES, *_FACTS, SUMS)
"""What the folder holds."""


def write_evidence(settings: Settings, folder: Path) -> dict[str, int]:
    """Write the examiner's folder, private to its owner, from what stands in the warehouse now.

    Returns:
        Rows by CSV file.

    Raises:
        ConfigurationError: The folder holds something, or the audit log or the register cannot be read.
    """
    require_new(folder)
    duties = load_duties()
    tables: dict[str, facts.Table] = {RULES: _rules(duties)}
    tables |= {name: made(settings) for name, (_, made) in _FACTS.items()}
    folder = folder.absolute()
    private_folder(folder.parent)
    # whole or not at all: what is left of a failure must not stand in the way of the next try
    with room_beside(folder) as place:
        unfinished = private_folder(place / folder.name)
        written = {name: _write_csv(unfinished / name, table) for name, table in tables.items()}
        _write(unfinished / PAGE, _page(settings, duties, written))
        sums = "".join(f"{file_digest(unfinished / name)}  {name}\n" for name in FILES if name != SUMS)
        _write(unfinished / SUMS, [sums])
        unfinished.replace(folder)
    return written


def _rules(duties: Duties) -> facts.Table:
    names = ("law", "at", "compared_with_the_text", "says", "met_by", "duty_of_the_bank")
    return names, [
        (law.code, rule.at, rule.is_compared, rule.says, "; ".join(rule.met_by), rule.bank)
        for law in duties.laws
        for rule in law.rules
    ]


def _write_csv(path: Path, table: facts.Table) -> int:
    names, rows = table
    count = 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE), "w",
                   encoding="utf-8", newline="") as file:  # fmt: skip
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        for row in rows:
            writer.writerow([_text(cell) for cell in row])
            count += 1
    return count


def _text(cell: object) -> object:
    """A text that a spreadsheet would compute is put in quotes: people write reasons and orders."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_COMPUTED) else cell


def _write(path: Path, lines: Iterable[str]) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.writelines(lines)


def _page(settings: Settings, duties: Duties, written: Mapping[str, int]) -> list[str]:
    current = current_release(settings)
    state = "Nothing is published yet." if current is None else f"The current release is {current.name}."
    return [
        "# Evidence for the examiner\n\n",
        f"Written at {datetime.now(UTC).isoformat(timespec='seconds')} by `acrm evidence`. {state} Nothing "
        "here names a customer. Whether a duty of the bank is fulfilled is not for the warehouse to say.\n\n",
        "| file | what | rows |\n|---|---|---|\n",
        f"| {RULES} | the tables below, as data | {written[RULES]} |\n",
        *(f"| {name} | {about} | {written[name]} |\n" for name, (about, _) in _FACTS.items()),
        f"| {SUMS} | checksums of these files | |\n",
        *(part for law in duties.laws for part in _law(law)),
        f"\n## Classes of data\n\nOf every column in columns.csv. {PFI_SOURCE}\n\n",
        "| class | meaning |\n|---|---|\n",
        *(f"| {pfi} | {meaning} |\n" for pfi, meaning in PFI_MEANINGS.items()),
        *(f"| {level} | {meaning} |\n" for level, meaning in LEVEL_MEANINGS.items()),
    ]


def _law(law: Law) -> list[str]:
    return [
        f"\n## {law.title}\n\n{law.source}\n\n",
        "| rule | says | met by | duty of the bank |\n|---|---|---|---|\n",
        *(
            f"| {rule.at}{'' if rule.is_compared else ' (not compared with the text: look it up there)'} "
            f"| {rule.says} | {'<br>'.join(rule.met_by) or 'nothing here'} | {rule.bank} |\n"
            for rule in law.rules
        ),
    ]
