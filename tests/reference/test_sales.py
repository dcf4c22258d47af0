"""The models of sales against the plain-Python reference: random streams, delivered late, twice and out of order.

The models run in memory without dbt, so that a night costs milliseconds.
"""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from time import perf_counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.reference.sales import Assignment, Batch, Known, Org, Parameter, Registration, Rule, Trade
from tests.support.sales import SalesNights

START = date(2026, 10, 9)
DAYS = [START + timedelta(days) for days in range(-4, 11)]
BUSINESS_DAYS = [START + timedelta(days) for days in range(-10, 40) if days % 7 < 5]
RULES = {
    "insurance": Rule(),
    "fund": Rule(is_split=True),
    "deposit": Rule(has_teller=False, wait_days=2),
    "qianyuan": Rule(is_auto=False, wait_days=3, is_business_days=True),
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

staff_numbers = st.sampled_from(sorted(STAFF))
days = st.sampled_from(DAYS)
instants = st.builds(datetime.combine, days, st.sampled_from([time(9), time(15)]))


@st.composite
def trades(draw: st.DrawFn, number: int) -> Trade:
    return Trade(
        trade_id=f"S{number}",
        customer_id=draw(st.sampled_from(["P", "Q"])),
        product=draw(st.sampled_from(sorted(RULES))),
        trade_date=draw(st.sampled_from(DAYS[:9])),
        amount=Decimal(draw(st.sampled_from([10_000_000, 1, 0, 333, -5_001, 9_999_999_999_999]))) / 100,
        fee=Decimal(draw(st.sampled_from([0, 7, 12_345]))) / 100,
        org_id=draw(st.sampled_from(["O1", "O2", "O3"])),
        teller_id=draw(st.sampled_from(["T1", "T2", None])),
    )


@st.composite
def registrations(draw: st.DrawFn, number: int) -> Registration:
    ratio = draw(st.sampled_from(RATIOS))
    return Registration(
        registration_id=f"R{number}",
        trade_id=f"S{draw(st.integers(0, 3))}",
        employee_id=draw(staff_numbers),
        role=draw(st.sampled_from(["seller", "seller", "referrer"])),
        ratio=None if ratio is None else Decimal(ratio),
        registered_at=draw(instants),
        registered_by=draw(staff_numbers),
        source=draw(st.sampled_from(["manual", "manual", "manager"])),
    )


@st.composite
def assignments(draw: st.DrawFn) -> Assignment:
    first = draw(st.sampled_from(DAYS[:9]))
    return Assignment(
        assignment_id=f"G{draw(st.integers(0, 3))}",
        customer_id=draw(st.sampled_from(["P", "Q"])),
        employee_id=draw(st.sampled_from(["A", "B", "C"])),
        org_id=draw(st.sampled_from(["O1", "O2", "O3"])),
        role=draw(st.sampled_from(["main", "main", "assistant"])),
        share=Decimal(draw(st.sampled_from(["1", "0.6", "0.4", "0.33333"]))),
        valid_from=first,
        valid_to=draw(st.none() | st.just(first + timedelta(draw(st.integers(1, 6))))),
        op=draw(st.sampled_from(["U", "U", "U", "D"])),
    )


@st.composite
def streams(draw: st.DrawFn) -> list[Batch]:
    """Some nights; what happened is delivered on any of them, before its time, after it, and more than once."""
    nights = sorted(draw(st.sets(st.sampled_from(DAYS[4:]), min_size=3, max_size=6)))
    moves, merges = draw(st.sampled_from(nights)), draw(days)
    told = draw(st.sampled_from(nights))
    batches = {
        night: Batch(
            night,
            staff={**STAFF, "B": "O2" if night >= moves else "O1"},
            orgs=(Org("O1"), Org("O2"), Org("O3", merges, "O1") if night >= told else Org("O3")),
            parameters=tuple(draw(st.lists(st.sampled_from(PARAMETERS), unique=True, max_size=4))),
            assignments=tuple(
                {row.assignment_id: row for row in draw(st.lists(assignments(), max_size=2))}.values()
            ),
        )
        for night in nights
    }

    def deliver(kind: str, row: Trade | Registration, first: date) -> None:
        # the contract lets no batch bring a trade before its day
        possible = [night for night in nights if night >= first]
        for night in draw(st.sets(st.sampled_from(possible), min_size=1, max_size=2)) if possible else ():
            batches[night] = replace(batches[night], **{kind: (*getattr(batches[night], kind), row)})

    for number in range(draw(st.integers(1, 4))):
        trade = draw(trades(number))
        deliver("trades", trade, trade.trade_date)
        if draw(st.integers(0, 3)) == 0:
            cancellation = replace(trade, trade_id=f"X{number}", cancels=trade.trade_id)
            deliver("trades", cancellation, trade.trade_date)
    for number in range(draw(st.integers(0, 7))):
        registration = draw(registrations(number))
        deliver("registrations", registration, DAYS[0])
        if draw(st.integers(0, 2)) == 0:
            revoked = registration.registered_at + timedelta(draw(st.integers(0, 3)))
            deliver("registrations", replace(registration, revoked_at=revoked), DAYS[0])
    return list(batches.values())


def known_after(batches: list[Batch]) -> Known:
    known = Known(RULES, frozenset(BUSINESS_DAYS))
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
        expected = (1, trade.amount, trade.fee) if outcome.state == "credited" else (0, 0, 0)
        assert sums == expected


@given(streams())
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_every_night_credits_as_the_reference_and_only_ever_adds(batches: list[Batch]):
    warehouse = SalesNights(RULES, BUSINESS_DAYS)
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


@given(streams(), st.data())
@settings(max_examples=30, suppress_health_check=list(HealthCheck))
def test_a_replay_keeps_what_was_published_and_adds_what_a_sent_again_batch_changes(
    batches: list[Batch], data: st.DataObject
):
    warehouse = SalesNights(RULES, BUSINESS_DAYS)
    for batch in batches:
        warehouse.run(batch)
    published = warehouse.ledger()
    place = data.draw(st.integers(0, len(batches) - 1))
    other = next((b for b in data.draw(streams()) if b.trades or b.registrations), batches[place])
    sent_again = replace(
        batches[place],
        trades=tuple(t for t in other.trades if t.trade_date <= batches[place].night),
        registrations=other.registrations,
        assignments=other.assignments,
    )
    corrected = [*batches[:place], sent_again, *batches[place + 1 :]]
    for batch in corrected[place:]:
        warehouse.run(batch, is_published=batch is corrected[-1])

    ledger = warehouse.ledger()
    assert ledger[: len(published)] == published
    assert {row[12] for row in ledger[len(published) :]} <= {batches[-1].night}
    assert_is(warehouse, known_after(corrected))
