"""Gate 2: what a release has confirmed of a month stays as it was."""

from collections.abc import Sequence
from datetime import date

from expectations.check import Check, FailingRows, Suite
from expectations.suites.marts import MARTS, months_in
from orchestration.sql import fill, name, value

CONFIRMED = ("fct_customer_tier_confirmed", "fct_month_confirmed")


def confirmation_suites(business_date: date, months_rebuilt: Sequence[date]) -> list[Suite]:
    """Suites over the confirmations of the months that tonight may have changed; others are left alone."""
    return [
        Suite(MARTS, table, [confirmed_stays(table, business_date, months_rebuilt)]) for table in CONFIRMED
    ]


def confirmed_stays(table: str, business_date: date, months_rebuilt: Sequence[date]) -> Check:
    """Every row that the newest release confirmed is here, in all its columns.

    What the release holds depends on the runs before. Counted is what no run before shows in: the rows that
    were confirmed by tonight, of the months that tonight wrote.
    """
    return FailingRows(
        check_code="confirmation_not_kept",
        table=table,
        query=fill(
            """
            with gone as (
                from {published}
                where {rebuilt} or month_start_date in (select month_start_date from {changed})
                except
                from {kept}
            )
            select
                (select count(*) from {kept} where {rebuilt} and confirmed_date <= {night})
                + (select count(*) from gone),
                (select count(*) from gone)
            """,
            changed=name("intermediate", "int_confirmation__month"),
            published=name("confirmed", table),
            kept=name(MARTS, table),
            rebuilt=months_in(months_rebuilt),
            night=value(business_date),
        ),
    )
