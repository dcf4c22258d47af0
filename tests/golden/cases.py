"""The golden cases G1–G14 of the specification (2.4), as data."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Case:
    """One golden case.

    Attributes:
        wan: AUM of each month in 万, oldest first.
        lost: Tiers lost in the last month.
        mortgage: Mortgage balance in 万 in the last month.
    """

    name: str
    wan: tuple[str, ...]
    tier: str
    status: str
    k: int = 0
    lost: tuple[str, ...] = ()
    factor: str = "aum"
    mortgage: int = 0
    is_history_complete: bool = True

    def __str__(self) -> str:
        return self.name


def _months(*parts: str | int | tuple[str | int, int]) -> tuple[str, ...]:
    months: list[str] = []
    for part in parts:
        amount, times = part if isinstance(part, tuple) else (part, 1)
        months += [str(Decimal(amount))] * times
    return tuple(months)


CASES: tuple[Case, ...] = (
    Case("G1", _months("50.00"), "platinum", "normal"),
    Case("G2", _months("49.99"), "gold", "normal"),
    Case("G3", _months(60, (30, 3)), "platinum", "observe", k=3),
    Case("G4", _months(60, (30, 4)), "platinum", "attention", k=4),
    Case("G5", _months(60, (30, 6)), "platinum", "attention", k=6),
    Case("G6", _months(60, (30, 7)), "gold", "normal", lost=("platinum",)),
    Case("G7", _months(60, (30, 6), 50), "platinum", "normal"),
    Case("G8", _months(60, (10, 7)), "potential", "normal", lost=("platinum", "gold")),
    Case("G9", _months(1200, (900, 12)), "core", "attention", k=12),
    Case("G10", _months(1200, (900, 13)), "growth", "normal", lost=("core",)),
    Case("G11", _months(1200, (60, 7), (30, 6)), "platinum", "attention", k=6, lost=("core", "growth")),
    Case("G12", _months((30, 3)), "gold", "normal", is_history_complete=False),
    Case("G13", _months("500.00"), "growth", "normal"),
    Case("G14", _months(30), "platinum", "normal", factor="mortgage", mortgage=150),
)
