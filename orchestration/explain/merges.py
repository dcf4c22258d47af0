"""What a page says of customers who are merged: both numbers lead to the one that has the figures."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from orchestration.errors import PublicationError
from orchestration.explain.reading import reading
from orchestration.settings import Settings


@dataclass(frozen=True)
class Merge:
    """A row of ``dim_customer_merge``."""

    merged_customer_id: str
    customer_id: str
    merged_from_date: date


def read_merges(settings: Settings, customers: Iterable[str]) -> list[Merge]:
    """Merges of the current release in which one of some customers goes on, or is the one who is merged."""
    named = list(customers)
    try:
        with reading(settings) as release:
            return release.rows(
                Merge,
                "reference.dim_customer_merge",
                "list_contains($customers, customer_id) or list_contains($customers, merged_customer_id)",
                "merged_customer_id",
                customers=named,
            )
    except PublicationError:
        # made before there was such a table, or nothing is published: the page itself says so
        return []


def merge_sentences(merges: Iterable[Merge]) -> list[str]:
    """Where the figures of each are."""
    return [
        f"Customer {merge.merged_customer_id} is merged with {merge.customer_id}: from "
        f"{merge.merged_from_date} on the figures of both are under {merge.customer_id}; months that were "
        "over keep both numbers."
        for merge in merges
    ]
