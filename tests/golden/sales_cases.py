"""The golden cases S1–S11 of the specification (3.5), as batches and as what they have to come to.

One bank holds all of them: a trade and its customer are called like the case. S3 is S2 later on. Those from
S12 on are ours, for the rules that the chapter has no case of:

- S12: the main manager G of org 0101 left on 10-08, before the trade
- S13: B registers H, who left on 10-11, on 10-12
- S14: S5, with a revocation on 9999-12-31 that was sent first
- S15: the teller T2 left on 10-09
- S16: M moves from 0102 to 0101 on 10-15 and registers at 7:30 that morning (in UTC, the evening before)
- S17: S1, of USD 1,000.01 when the dollar is at 7 CNY
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from tests.reference.sales import Assignment, Batch, Employment, Org, Parameter, Registration, Trade

SOLD = date(2026, 10, 10)
AMOUNT = Decimal("100000.00")
DOLLARS = Decimal("1000.01")
RATES = {("USD", SOLD): Decimal(7)}
NIGHTS = [date(2026, 10, day) for day in (10, 12, 13, 15, 18, 20)]
STAFF = {
    **dict.fromkeys(["A", "B", "C", "D", "E", "F", "G", "H", "T1", "T2"], "0101"),
    **dict.fromkeys(["AX", "BX", "M"], "0102"),
}
MOVE = date(2026, 10, 15)
HALF_DAY = 10
T = TypeVar("T")
LONG_AGO = date(2026, 1, 1)


@dataclass(frozen=True)
class Case:
    """One golden case at one business date.

    Attributes:
        credits: Live credit by employee: ratio and step.
        reversed_by_then: Employees whose credit was taken back.
        reason: Why nobody is credited.
    """

    name: str
    trade_id: str
    night: date
    state: str
    credits: dict[str, tuple[str, str]] = field(default_factory=dict)
    reversed_by_then: tuple[str, ...] = ()
    reason: str | None = None
    amount: Decimal = AMOUNT

    def __str__(self) -> str:
        return f"{self.name} on {self.night:%m-%d}"


def _on(day: int) -> date:
    return date(2026, 10, day)


CASES = (
    Case("S1", "S1", _on(10), "credited", {"A": ("1", "auto")}),
    Case("S2", "S2", _on(10), "pending", reason="no_seller"),
    Case("S2", "S2", _on(13), "pending", reason="no_seller"),
    Case("S3", "S2", _on(15), "credited", {"T1": ("1", "fallback")}),
    Case("S4", "S4", _on(10), "pending", reason="no_seller"),
    Case("S4", "S4", _on(12), "credited", {"B": ("1", "manual")}),
    Case("S5", "S5", _on(12), "credited", {"B": ("1", "manual")}),
    Case("S5", "S5", _on(13), "pending", reversed_by_then=("B",), reason="no_seller"),
    Case("S5", "S5", _on(15), "credited", {"T1": ("1", "fallback")}, ("B",)),
    Case("S6", "S6", _on(13), "pending", reason="only_referrer"),
    Case("S6", "S6", _on(15), "credited", {"T1": ("0.7", "fallback"), "C": ("0.3", "fallback")}),
    Case("S7", "S7", _on(15), "credited", {"T1": ("1", "fallback")}),
    Case("S7", "S7", _on(20), "credited", {"D": ("0.6", "manager"), "E": ("0.4", "manager")}, ("T1",)),
    Case("S8", "S8", _on(10), "credited", {"A": ("1", "auto")}),
    Case("S9", "S9", _on(10), "pending", reason="registration_rejected"),
    Case("S9", "S9", _on(15), "credited", {"T1": ("1", "fallback")}),
    Case("S10", "S10", _on(15), "credited", {"A": ("1", "auto")}),
    Case("S10", "S10", _on(18), "cancelled", reversed_by_then=("A",)),
    Case(
        "S11",
        "S11",
        _on(10),
        "credited",
        {"D": ("0.33333", "manager"), "E": ("0.33333", "manager"), "F": ("0.33334", "manager")},
    ),
    Case("S12", "S12", _on(10), "pending", reason="no_seller"),
    Case("S12", "S12", _on(15), "credited", {"T1": ("1", "fallback")}),
    Case("S13", "S13", _on(12), "pending", reason="registration_rejected"),
    Case("S13", "S13", _on(15), "credited", {"T1": ("1", "fallback")}),
    Case("S14", "S14", _on(12), "credited", {"B": ("1", "manual")}),
    Case("S14", "S14", _on(13), "pending", reversed_by_then=("B",), reason="no_seller"),
    Case("S14", "S14", _on(15), "credited", {"T1": ("1", "fallback")}, ("B",)),
    Case("S15", "S15", _on(10), "pending", reason="no_seller"),
    Case("S15", "S15", _on(15), "unallocated", reason="not_employed"),
    Case("S16", "S16", _on(13), "pending", reason="no_seller"),
    Case("S16", "S16", _on(15), "credited", {"M": ("1", "manual")}),
    Case("S17", "S17", _on(10), "credited", {"A": ("1", "auto")}, amount=DOLLARS),
)
TRADES = tuple(dict.fromkeys(case.trade_id for case in CASES))


def _at(day: int) -> datetime:
    return datetime(2026, 10, day, HALF_DAY)


EMPLOYMENT = {
    "G": Employment(LONG_AGO, _on(8), has_left=True),
    "T2": Employment(LONG_AGO, _on(9), has_left=True),
}


def _registered(
    trade: str,
    who: str,
    day: int,
    *,
    role: str = "seller",
    ratio: str | None = None,
    source: str = "manual",
    revoked: int | None = None,
) -> Registration:
    return Registration(
        f"R{trade}{who}", trade, who, role, None if ratio is None else Decimal(ratio), _at(day),
        "F" if source == "manager" else who, source, None if revoked is None else _at(revoked),
    )  # fmt: skip


def trade(trade_id: str, day: date = SOLD, cancels: str | None = None) -> Trade:
    """A sale as the cases have it, or its cancellation."""
    customer, teller = cancels or trade_id, "T2" if trade_id == "S15" else "T1"
    sale = Trade(trade_id, customer, "insurance", day, AMOUNT, Decimal(0), "0101", teller, cancels)
    return replace(sale, amount=DOLLARS, currency="USD") if trade_id == "S17" else sale


def employment(night: date) -> dict[str, Employment]:
    """Who is known to have left."""
    return EMPLOYMENT | ({"H": Employment(LONG_AGO, _on(11), has_left=True)} if night >= _on(12) else {})


def assigned(customer: str, manager: str) -> Assignment:
    """A main manager, at the org that he works for."""
    return Assignment(f"G{customer}", customer, manager, STAFF[manager], "main", Decimal(1), LONG_AGO, None)


_TRADES = {SOLD: [trade(name) for name in TRADES], _on(18): [trade("S10C", _on(18), "S10")]}
_ASSIGNMENTS = {
    SOLD: [assigned(name, "A") for name in ("S1", "S8", "S10", "S17")]
    + [assigned(n, "AX") for n in ("S2", "S7")]
    + [assigned("S12", "G")]
}
_REGISTRATIONS = {
    SOLD: [
        _registered("S8", "B", 10),
        _registered("S9", "BX", 10),
        *(
            _registered("S11", who, 10, ratio=ratio, source="manager")
            for who, ratio in (("D", "0.33333"), ("E", "0.33333"), ("F", "0.33334"))
        ),
    ],
    _on(12): [
        _registered("S4", "B", 12),
        _registered("S5", "B", 12),
        _registered("S6", "C", 12, role="referrer"),
        replace(_registered("S13", "H", 12), registered_by="B"),
        replace(_registered("S14", "B", 12), revoked_at=datetime(9999, 12, 31)),
    ],
    _on(13): [_registered("S5", "B", 12, revoked=13), _registered("S14", "B", 12, revoked=13)],
    MOVE: [replace(_registered("S16", "M", 15), registered_at=datetime(2026, 10, 15, 7, 30))],
    _on(20): [
        _registered("S7", "D", 20, ratio="0.6", source="manager"),
        _registered("S7", "E", 20, ratio="0.4", source="manager"),
    ],
}


def batches(nights: list[date] = NIGHTS) -> list[Batch]:
    """What the bank sends on these nights; what happened between two of them comes with the later one."""
    sent = []
    for before, night in zip([date.min, *nights], nights, strict=False):

        def since_then(told: dict[date, list[T]], after: date = before, until: date = night) -> tuple[T, ...]:
            return tuple(row for day, rows in told.items() if after < day <= until for row in rows)

        sent.append(
            Batch(
                night,
                staff=STAFF | ({"M": "0101"} if night >= MOVE else {}),
                employment=employment(night),
                orgs=(Org("0101"), Org("0102")),
                parameters=(Parameter("bank", "*", "*", LONG_AGO, Decimal("0.7"), Decimal("0.3")),),
                trades=since_then(_TRADES),
                registrations=since_then(_REGISTRATIONS),
                assignments=since_then(_ASSIGNMENTS),
            )
        )
    return sent


def standing(night: date) -> list[Case]:
    """How every trade stands on a night: its last case up to then."""
    return list({case.trade_id: case for case in CASES if case.night <= night}.values())
