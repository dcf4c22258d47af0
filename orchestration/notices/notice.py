"""What a notice says. It holds what the console shows, never a private value."""

import json
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from orchestration.notices.hooks import Kind

_LONGEST_LINE = 1000

RUNBOOK = "docs/operators/runbook.md"
CHAPTERS: dict[Kind, str] = {
    "failed": "a-notice-failed",
    "late": "a-notice-late",
    "warned": "a-notice-warned",
    "published": "a-notice-published",
}
"""Chapter of the runbook that says what to do, by the kind of notice."""


class Notice(BaseModel):
    """One notice.

    Attributes:
        text: The line that the console shows.
        business_date: Of the night; None where a run failed before any night.
        station: Where it failed.
        exit_code: That of the command line.
        release: The release that came out of it.
        at: When, with the offset from UTC.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    text: str
    business_date: date | None = None
    sequence: int | None = None
    station: str | None = None
    exit_code: int | None = None
    release: str | None = None
    at: datetime

    @property
    def subject(self) -> str:
        """What it is about, in a few words."""
        return f"acrm: {self.business_date or 'a run'} {self.kind}"

    @property
    def what_to_do(self) -> str:
        """Where the runbook tells it."""
        return f"{RUNBOOK}#{CHAPTERS[self.kind]}"

    @property
    def as_json(self) -> str:
        """The notice for programs."""
        told = self.model_dump(mode="json") | {"runbook": self.what_to_do}
        return json.dumps(told, ensure_ascii=False)


def one_line(lines: list[str]) -> str:
    """The first of several lines, with how many there are more."""
    more = f" (and {len(lines) - 1} more: acrm status)" if len(lines) > 1 else ""
    first = lines[0] if lines else ""
    return (first if len(first) <= _LONGEST_LINE else first[:_LONGEST_LINE] + "…") + more
