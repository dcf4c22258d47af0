"""The models of sales against the reference: random streams, delivered late, twice and out of order.

The models run in memory without dbt, so that a night costs milliseconds.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.reference.sales import (
    Assignment,
    Batch,
    Employment,
    Known,
    Named,
    Org,
    Parameter,
    Registration,
    Rule,
    Trade,
)
from tests.support.sales import SalesNights

KNOWLEDGE_DATE = 12
LONG_AGO = date(2015, 1, 1)
START = date(2026, 10, 9)
DAYS = [START + timedelta(days) for days in range(-4, 11)]
BUSINESS_DAYS = [START + timedelta(days) for days in range(-10, 40) if days % 7 < 5]
RULES = {
    "insurance": Rule(),
    "fund": Rule(is_split=True),
    "deposit": Rule(has_teller=False, wait_days=2),
    "qianyuan": Rule(is_auto=False, wait_days=3, is_business_days=True),
}
# of JPY none before any trade: the first one counts
RATES = {
    ("USD", START - timedelta(20)): Decimal("7.1"),
    ("USD", START): Decimal("7.123456"),
    ("USD", START + timedelta(3)): Decimal("6.9"),
    ("JPY", START + timedelta(4)): Decimal("0.048321"),
}
STAFF = {"A": "O1", "B": "O1", "C": "O2", "T1": "O1", "T2": "O2"}
RATIOS = [None, None, "0.5", "0.3", "0.7", "1", "0.33333", "0.33334"]
PARAMETERS = [
    Parameter("bank", "*", "*", date(2015, 1, 1), Decimal("0.7"), Decimal("0.3")),
    Parameter("bank", "*", "fund", date(2015, 1, 1), Decimal("0.9"), Decimal("0.1"), START + timedelta(2)),
    Parameter("org", "O1", "*", START + timedelta(1), Decimal("0.6"), Decimal("0.4")),
    Parameter("employee", "A", "*", date(2015, 1, 1), Decimal("0.55555"), Decimal("0.44445")),
    Parameter("employee", "B", "insurance", date(2015, 1, 1), Decimal("0.5"), Decimal("0.4")),
]


@dataclass(frozen=True)
class Chance:
    """A bank's luck: what happens to its trades, and on which nights it is told."""

    dice: Random

    def one(self, *choices: Any) -> Any:
        return self.dice.choice(choices)

    def trade(self, number: int) -> Trade:
        return Trade(
            trade_id=f"S{number:03d}",
            customer_id=self.customer(),
            product=self.one(*RULES, "insurance"),
            trade_date=self.one(*DAYS[:9]),
            amount=Decimal(self.one(10_000_000, 1, 0, 333, -5_001, 9_999_999_999_999)) / 100,
            fee=Decimal(self.one(0, 7, 12_345)) / 100,
            org_id=self.one("O1", "O1", "O2", "O3"),
            teller_id=self.one("T1", "T2", None),
            currency=self.one("CNY", "CNY", "CNY", "USD", "JPY"),
        )

    def customer(self) -> str:
        return f"P{self.dice.randrange(6)}"

    def registrations(self, trade_id: str, turn: int) -> list[Registration]:
        """What is registered for a trade: often a team whose ratios add to 1, or nothing."""
        kind = self.one("none", "one", "one", "team", "team", "managed", "any")
        ratios = {"none": [], "one": [None], "any": [self.one(*RATIOS) for _ in range(3)]}.get(
            kind,
            list(self.one(("0.6", "0.4"), ("0.33333", "0.33333", "0.33334"), (None, None), ("0.5", "0.6"))),
        )
        source = "manager" if kind == "managed" else self.one("manual", "manual", "manual", "manager")
        instant = self.instant()
        return [
            Registration(
                registration_id=f"R{trade_id}-{turn}-{number}",
                trade_id=trade_id,
                employee_id=self.one(*STAFF),
                role=self.one("seller", "seller", "referrer"),
                ratio=None if ratio is None else Decimal(ratio),
                registered_at=instant if source == "manager" else self.instant(),
                registered_by=self.one("A", "A", *STAFF),
                source=source,
            )
            for number, ratio in enumerate(ratios)
        ]

    def instant(self) -> datetime:
        return datetime.combine(self.one(*DAYS), self.one(time(9), time(15)))

    def assignment(self, number: int) -> Assignment:
        first = self.one(*DAYS[:9])
        return Assignment(
            assignment_id=f"G{number}",
            customer_id=self.customer(),
            employee_id=self.one("A", "B", "C"),
            org_id=self.one("O1", "O1", "O2", "O3"),
            role=self.one("main", "main", "assistant"),
            share=Decimal(self.one("1", "0.6", "0.4", "0.33333")),
            valid_from=first,
            valid_to=self.one(None, None, first + timedelta(self.dice.randint(1, 6))),
            op=self.one(*"UUUUUUUD"),
            is_recalled=self.one(True, False, False),
        )

    def named(self) -> tuple[Named, ...]:
        """Loans and cards of a night; one card at most began on a day."""
        rows = [
            Named(
                f"P{self.dice.randrange(6)}",
                self.one("loan", "loan", "card"),
                self.one("A", "B", "C"),
                self.one("O1", "O1", "O2", "O3"),
                Decimal(self.one(100, 200, 300)),
                self.one(*DAYS),
            )
            for _ in range(self.dice.randint(0, 8))
        ]
        return tuple({(row.customer_id, row.source, row.since): row for row in rows}.values())


def comings_and_goings(
    chance: Chance, nights: list[date]
) -> tuple[dict[date, dict[str, Employment]], dict[date, str]]:
    """What each night says of employments, and who is missing on its list of staff."""
    told: dict[date, dict[str, Employment]] = {night: {} for night in nights}
    for who in STAFF:
        kind = chance.one("there", "there", "hired", "left", "left", "left without a day", "back")
        day, other = sorted((chance.one(*DAYS), chance.one(*DAYS)))
        known = chance.one(*nights)
        for night in nights:
            if kind == "hired":
                told[night][who] = Employment(day, date(9999, 12, 31))
            elif kind == "left" and night >= known:
                told[night][who] = Employment(None, other, chance.one(True, True, False))
            elif kind == "left without a day" and night >= known:
                told[night][who] = Employment(has_left=night != nights[-1] or chance.one(True, False))
            elif kind == "back":
                told[night][who] = (
                    Employment(other, day) if night >= known else Employment(LONG_AGO, day, True)
                )
    missing = chance.one(*STAFF)
    return told, {night: missing for night in nights if chance.dice.random() < 0.15}


def stream(seed: int, trades: int) -> list[Batch]:
    """Some nights; what happened is delivered on any of them, before its time or after it, or twice."""
    chance = Chance(Random(seed))
    dice = chance.dice
    nights = sorted(dice.sample(DAYS[4:], dice.randint(3, 6)))
    moves, told, merges = dice.choice(nights), dice.choice(nights), chance.one(*DAYS)
    content: dict[date, dict[str, list[Any]]] = {
        night: {"trades": [], "registrations": []} for night in nights
    }

    def deliver(kind: str, row: Trade | Registration, first: date) -> None:
        # the contract lets no batch bring a trade before its day
        possible = [night for night in nights if night >= first]
        for night in sorted(dice.sample(possible, min(len(possible), chance.one(1, 1, 2)))):
            content[night][kind].append(row)
            if isinstance(row, Registration) and row.revoked_at is None:
                # sent again, some systems say when they sent it
                row = replace(row, registered_at=max(row.registered_at, datetime.combine(night, time(20))))

    for number in range(trades):
        trade = chance.trade(number)
        deliver("trades", trade, trade.trade_date)
        if dice.random() < 0.15:
            cancellation = replace(trade, trade_id=f"X{number:03d}", cancels=trade.trade_id)
            deliver("trades", cancellation, trade.trade_date)
        for entry in (*chance.registrations(trade.trade_id, 1), *chance.registrations(trade.trade_id, 2)[1:]):
            deliver("registrations", entry, DAYS[0])
            if dice.random() < 0.25:
                # some systems send a day that never comes, and the real one later
                revoked = entry.registered_at + timedelta(dice.randint(0, 3))
                if dice.random() < 0.3:
                    never = datetime(chance.one(2099, 9999), 12, 31)
                    deliver("registrations", replace(entry, revoked_at=never), DAYS[0])
                deliver("registrations", replace(entry, revoked_at=revoked), DAYS[0])
    for night in nights:
        # one row of a key is what a batch may have
        content[night]["registrations"] = list(
            {(row.registration_id, row.revoked_at): row for row in content[night]["registrations"]}.values()
        )
    employment, gone = comings_and_goings(chance, nights)
    return [
        Batch(
            night,
            staff={
                who: "O2" if who == "B" and night >= moves else org
                for who, org in STAFF.items()
                if who != gone.get(night)
            },
            employment=employment[night],
            orgs=(Org("O1"), Org("O2"), Org("O3", merges, "O1") if night >= told else Org("O3")),
            parameters=tuple(dice.sample(PARAMETERS, dice.randint(1, len(PARAMETERS)))),
            assignments=tuple(
                chance.assignment(number) for number in dice.sample(range(16), dice.randint(0, 6))
            ),
            named=chance.named(),
            trades=tuple(content[night]["trades"]),
            registrations=tuple(content[night]["registrations"]),
        )
        for night in nights
    ]


def known_after(batches: list[Batch]) -> Known:
    known = Known(RULES, frozenset(BUSINESS_DAYS), RATES)
    for batch in batches:
        known.add(batch)
    return known


def assert_is(warehouse: SalesNights, known: Known) -> None:
    """Every trade stands as the reference says, whether the night looked at it or not."""
    assert warehouse.outcomes() == known.outcomes()
    assert warehouse.unknown() == known.unknown()
    for trade_id, outcome in warehouse.outcomes().items():
        trade = known.trades[trade_id]
        sums = tuple(sum((share[place] for share in outcome.shares), Decimal(0)) for place in (2, 3, 4))
        assert {share[5] for share in outcome.shares} <= {trade.currency}
        expected = (1, trade.amount, trade.fee) if outcome.state == "credited" else (0, 0, 0)
        assert sums == expected


@given(seed=st.integers(0, 10**9), trades=st.integers(1, 60))
@settings(max_examples=8, phases=[Phase.explicit, Phase.generate])
def test_every_night_credits_as_the_reference_and_only_ever_adds(seed: int, trades: int):
    batches = stream(seed, trades)
    warehouse = SalesNights(RULES, BUSINESS_DAYS, RATES)
    published: list[tuple[object, ...]] = []
    for number, batch in enumerate(batches, 1):
        warehouse.run(batch)

        ledger = warehouse.ledger()
        assert ledger[: len(published)] == published
        assert_is(warehouse, known_after(batches[:number]))
        published = ledger

    # the last night once more, and once more after a kill
    warehouse.run(batches[-1])
    assert warehouse.ledger() == published
    warehouse.kill()
    warehouse.run(batches[-1])
    assert warehouse.ledger() == published


@given(seed=st.integers(0, 10**9), trades=st.integers(1, 60), place=st.integers(0, 2))
@settings(max_examples=6, phases=[Phase.explicit, Phase.generate])
def test_a_replay_keeps_what_was_published_and_adds_what_a_batch_sent_again_changes(
    seed: int, trades: int, place: int
):
    batches = stream(seed, trades)
    warehouse = SalesNights(RULES, BUSINESS_DAYS, RATES)
    for batch in batches:
        warehouse.run(batch)
    published = warehouse.ledger()
    night = batches[place].night
    # the same night with other events: some of the first sending's are gone, some are other ones
    other = stream(seed + 1, trades)[place]
    sent_again = replace(
        batches[place],
        trades=tuple(trade for trade in other.trades if trade.trade_date <= night),
        registrations=other.registrations,
        assignments=other.assignments,
    )
    corrected = [*batches[:place], sent_again, *batches[place + 1 :]]
    for batch in corrected[place:]:
        warehouse.run(batch, is_published=batch is corrected[-1])

    ledger = warehouse.ledger()
    assert ledger[: len(published)] == published
    assert {row[KNOWLEDGE_DATE] for row in ledger[len(published) :]} <= {batches[-1].night}
    assert_is(warehouse, known_after(corrected))

    # nothing new: the same nights once more, up to the newest
    for batch in corrected[place:]:
        warehouse.run(batch, is_published=batch is corrected[-1])
    assert warehouse.ledger() == ledger


def test_the_streams_reach_every_state_step_and_claim():
    outcomes = [
        outcome
        for seed in range(8)
        for batches in [stream(seed, trades=100)]
        for number in range(1, len(batches) + 1)
        for outcome in known_after(batches[:number]).outcomes().values()
    ]
    assert {(outcome.state, outcome.rule, outcome.reason) for outcome in outcomes} == {
        ("cancelled", None, None),
        *(("pending", None, reason) for reason in ("no_seller", "only_referrer", "registration_rejected")),
        *(("credited", rule, None) for rule in ("manager", "auto", "manual", "fallback")),
        *(
            ("unallocated", None, reason)
            for reason in ("no_teller", "not_employed", "no_fallback", "no_ratio")
        ),
    }
    assert {code for outcome in outcomes for _, code in outcome.claims} == {
        "dispute",
        "other_org",
        "not_employed",
        "ratio_not_one",
    }


def test_a_registration_sent_again_with_a_later_day_counts_once_as_it_came_first() -> None:
    first = Registration("R1", "S1", "A", "seller", None, datetime.combine(START, time(9)), "A", "manual")
    other = replace(first, registration_id="R2", employee_id="B", registered_by="B")
    again = replace(first, registered_at=datetime.combine(START + timedelta(3), time(9)))
    trade = Trade("S1", "P1", "fund", START, Decimal("100.00"), Decimal("1.00"), "O1", "T1")
    orgs, ratios = (Org("O1"), Org("O2")), tuple(PARAMETERS[:1])
    batches = [
        Batch(START, STAFF, orgs, ratios, trades=(trade,), registrations=(first, other)),
        Batch(START + timedelta(3), STAFF, orgs, ratios, registrations=(again,)),
    ]
    warehouse = SalesNights(RULES, BUSINESS_DAYS)
    for batch in batches:
        warehouse.run(batch)

    assert_is(warehouse, known_after(batches))
    shares = {share[0]: share[3] for share in warehouse.outcomes()["S1"].shares}
    assert shares == {"A": Decimal("50.00"), "B": Decimal("50.00")}
