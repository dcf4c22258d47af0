"""Gate 2: how many of tonight's events had come before; the first one counts (macros/carried/events.sql)."""

from datetime import date

from expectations.check import Check, FailingRows, Suite
from orchestration.sql import fill, name, value

_CARRIED = {
    "card_txn": "int_card__transactions",
    "transaction": "int_account__transaction",
    "fee_income": "int_contribution__fee",
    "cost_pool": "int_contribution__cost_pool",
    "sales_trade": "int_sales__trade_entry",
}
"""The model that takes each event once, with the night that brought it."""


def event_suites(business_date: date) -> list[Suite]:
    """Suites over the events of tonight."""
    return [
        Suite("intermediate", model, [sent_once(table, model, business_date)])
        for table, model in _CARRIED.items()
    ]


def sent_once(table: str, model: str, business_date: date) -> Check:
    """Every delivered event is new; on the first night what is left out is of before the ledger begins."""
    return FailingRows(
        check_code="event_sent_again",
        table=table,
        query=fill(
            """
            select delivered_cnt, case when is_first then 0 else delivered_cnt - taken_cnt end
            from (
                select
                    (select count(*) from {delivered}) as delivered_cnt,
                    (select count(*) from {taken} where business_date = {night}) as taken_cnt,
                    (select bool_and(previous_business_date is null) from pipeline.tonight) as is_first
            )
            """,
            delivered=name("lake", table),
            taken=name("intermediate", model),
            night=value(business_date),
        ),
    )
