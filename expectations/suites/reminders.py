"""Gate 2: tonight's entries of the feed of events, and what follows; ``events`` is of delivered tables."""

from datetime import date

from expectations.check import Check, FailingRows, Suite
from orchestration.sql import fill, name, value

MARTS = "monitoring"
EVENT = "fct_event"
RESPONSE = "fct_event_response"
_EVENT = name(MARTS, EVENT)
_RESPONSE = name(MARTS, RESPONSE)


def reminder_suites(business_date: date) -> list[Suite]:
    """Suites over the events and responses that tonight added."""
    return [
        Suite(MARTS, EVENT, [entries_take_turns(business_date)]),
        Suite(
            MARTS,
            RESPONSE,
            [
                planned_is_sent_or_held_back(business_date),
                states_have_their_reasons(business_date),
                responses_have_their_event(business_date),
            ],
        ),
    ]


def entries_take_turns(business_date: date) -> Check:
    """A withdrawal follows an event, and an event is told again only after a withdrawal."""
    return FailingRows(
        check_code="withdrawal_without_event",
        table=EVENT,
        query=fill(
            """
            select count(*), count(*) filter (
                where (entry_type_code = 'withdrawal') <> (coalesce(before_code, 'none') = 'event')
            )
            from (
                select
                    entry_type_code,
                    knowledge_date,
                    lag(entry_type_code) over (partition by event_id order by entry_id) as before_code
                from {event}
                where event_id in (select event_id from {event} where knowledge_date = {night})
            )
            where knowledge_date = {night}
            """,
            event=_EVENT,
            night=value(business_date),
        ),
    )


def planned_is_sent_or_held_back(business_date: date) -> Check:
    """Every event of tonight that a rule answers has been answered, be it by what was held back.

    An event that was withdrawn the same night is answered by nothing.
    """
    return FailingRows(
        check_code="responses_not_conserved",
        table=RESPONSE,
        column="event_id",
        unit="events",
        query=fill(
            """
            select count(*), count(*) filter (where responses.event_id is null)
            from (
                select distinct told.event_id
                from (
                    select *, row_number() over (partition by event_id order by entry_id desc) as recency
                    from {event} where knowledge_date = {night}
                ) as told
                inner join {rules} as rules
                    on told.event_code = rules.event_code
                    and rules.customer_group_code in (told.customer_group_code, '*')
                    and rules.is_active
                    and rules.valid_from_date <= {night}
                    and (rules.valid_to_date is null or rules.valid_to_date >= {night})
                where told.recency = 1 and told.entry_type_code = 'event'
            ) as planned
            left join (
                select distinct event_id from {response}
                where event_id in (select event_id from {event} where knowledge_date = {night})
            ) as responses
                on planned.event_id = responses.event_id
            """,
            event=_EVENT,
            response=_RESPONSE,
            rules=name("rules", "event_response_rules"),
            night=value(business_date),
        ),
    )


def states_have_their_reasons(business_date: date) -> Check:
    """What is planned is to be sent or held back, and what is held back says why."""
    return FailingRows(
        check_code="responses_not_conserved",
        table=RESPONSE,
        column="status_code",
        query=fill(
            """
            select count(*), count(*) filter (
                where case status_code
                    when 'to_send' then coalesce(reason_code, 'employee_left') <> 'employee_left'
                    when 'suppressed' then coalesce(reason_code, 'employee_left') = 'employee_left'
                    else true
                end
            )
            from {response} where knowledge_date = {night}
            """,
            response=_RESPONSE,
            night=value(business_date),
        ),
    )


def responses_have_their_event(business_date: date) -> Check:
    """Every response is to an event told of the customer; one that says withdrawn, to one that was."""
    return FailingRows(
        check_code="responses_not_conserved",
        table=RESPONSE,
        column="customer_id",
        query=fill(
            """
            select count(*), count(*) filter (where entries.event_id is null)
            from (select * from {response} where knowledge_date = {night}) as responses
            left join (
                select distinct event_id, event_code, customer_id, entry_type_code
                from {event}
                where event_id in (select event_id from {response} where knowledge_date = {night})
            ) as entries
                on responses.event_id = entries.event_id
                and responses.event_code = entries.event_code
                and responses.customer_id = entries.customer_id
                and entries.entry_type_code
                    = case when responses.reason_code = 'withdrawn' then 'withdrawal' else 'event' end
            """,
            event=_EVENT,
            response=_RESPONSE,
            night=value(business_date),
        ),
    )
