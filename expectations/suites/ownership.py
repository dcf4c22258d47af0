"""Gate 2: the parts of a team that looks after a customer add to the whole."""

from datetime import date

from expectations.check import Check, FailingRows, Suite
from orchestration.sql import fill, name, value

OWNERSHIP = "ownership"
ASSIGNMENT = "fct_assignment"


def ownership_suites(business_date: date) -> list[Suite]:
    """Suites over who looks after whom."""
    return [Suite(OWNERSHIP, ASSIGNMENT, [shares_add_up(business_date)])]


def shares_add_up(business_date: date) -> Check:
    """Shares add to 1.00000 on every day of the customers whose assignments tonight's batch says anew.

    They only change on days on which an assignment begins or ends, so only those are looked at.
    """
    return FailingRows(
        check_code="shares_not_whole",
        table=ASSIGNMENT,
        column="participation_share",
        unit="days of a customer",
        query=fill(
            """
            with assignments as (
                select * from {assignment}
                where customer_id in (
                    select customer_id from {versions}
                    where known_from_date = {night} or known_to_date = {night}
                )
            ),
            days as (
                select customer_id, valid_from_date as calendar_date from assignments
                union
                select customer_id, valid_to_date from assignments where valid_to_date is not null
            )
            select count(*), count(*) filter (where participation_share <> 1)
            from (
                select days.customer_id, days.calendar_date,
                    sum(assignments.participation_share) as participation_share
                from days
                inner join assignments
                    on days.customer_id = assignments.customer_id
                    and assignments.valid_from_date <= days.calendar_date
                    and (
                        assignments.valid_to_date is null
                        or assignments.valid_to_date > days.calendar_date
                    )
                group by days.customer_id, days.calendar_date
            )
            """,
            assignment=name(OWNERSHIP, ASSIGNMENT),
            versions=name("intermediate", "int_assignment__versions"),
            night=value(business_date),
        ),
    )
