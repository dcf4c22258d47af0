"""The default rulebook of the specification (2.2), typed in again as data for the reference."""

from dataclasses import dataclass
from decimal import Decimal

WAN = 10_000


@dataclass(frozen=True)
class Tier:
    """One row of the tier table; a factor's threshold is None where it cannot give the tier."""

    code: str
    rank: int
    aum: Decimal
    window: int
    card_spend: Decimal | None = None
    mortgage: Decimal | None = None
    credit_loan: Decimal | None = None
    card_grade: str | None = None

    @property
    def observe_to(self) -> int:
        """Largest k of the status observe: half the window."""
        return self.window // 2


def _wan(amount: int) -> Decimal:
    return Decimal(amount * WAN)


DOCUMENTS: tuple[Tier, ...] = (
    Tier("core", 5, _wan(1000), 12),
    Tier("growth", 4, _wan(500), 12, card_spend=_wan(50), mortgage=_wan(500), card_grade="diamond"),
    Tier("platinum", 3, _wan(50), 6, card_spend=_wan(10), mortgage=_wan(150), credit_loan=_wan(60)),
    Tier("gold", 2, _wan(20), 6, credit_loan=_wan(30)),
    Tier("potential", 1, _wan(5), 6),
)
"""Highest tier first."""

ORDINARY = "ordinary"
FACTORS = ("aum", "card_spend", "mortgage", "credit_loan", "card_grade")
"""In the order that decides ties."""

RANKS = {tier.code: tier.rank for tier in DOCUMENTS} | {ORDINARY: 0}
LARGEST_WINDOW = max(tier.window for tier in DOCUMENTS)
