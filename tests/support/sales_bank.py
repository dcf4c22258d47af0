"""Batches of sales as deliveries of a test bank, for stories through the whole pipeline."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from tests.reference.sales import Batch, Employment
from tests.support.bank import Bank, Delivery

Row = dict[str, Any]
HIRED = Employment(date(2015, 1, 1))


def sales_bank(batches: list[Batch]) -> Bank:
    """A bank with the customers and nights of the batches; each customer has an account."""
    bank = Bank([batch.night for batch in batches])
    names = {trade.customer_id for batch in batches for trade in batch.trades}
    names |= {row.customer_id for batch in batches for row in batch.assignments}
    for name in sorted(names):
        bank.customer(name, opened=bank.start - timedelta(400)).holds(300_000)
    return bank


def sales_delivery(bank: Bank, batch: Batch, *, sequence: int = 1) -> Delivery:
    """One night with what the batch says of orgs, staff, assignments and sales."""
    plain = bank.delivery(batch.night, sequence=sequence)
    (org, *_), (product, *_) = plain.tables["org"], plain.tables["product"]
    assignments = [
        {
            "assignment_id": row.assignment_id,
            "customer_id": row.customer_id,
            "employee_id": row.employee_id,
            "org_id": row.org_id,
            "role": row.role,
            "participation": row.share,
            "valid_from": row.valid_from,
            "valid_to": row.valid_to,
            "change_reason": "recall" if row.is_recalled else "assign",
            "recorded_at": datetime.combine(batch.night, time(10)),
            **({} if plain.is_initial else {"op": row.op}),
        }
        for row in batch.assignments
    ]
    tables = {
        **plain.tables,
        "org": [
            *plain.tables["org"],
            *(
                {**org, "org_id": row.org_id, "org_level": "outlet", "parent_org_id": "HQ",
                 "close_date": row.close_date, "successor_org_id": row.successor}
                for row in batch.orgs
            ),
        ],
        "employee": [*plain.tables["employee"],
            *(_employee(who, at, batch.employment.get(who, HIRED)) for who, at in batch.staff.items()),
        ],
        "product": [
            *plain.tables["product"],
            {**product, "product_code": "insurance", "sales_product_code": "insurance", "is_in_aum": False},
        ],
        "sales_ratio_param": [
            {"scope_type": p.scope, "scope_id": p.scope_id, "sales_product_code": p.product,
             "valid_from": p.valid_from, "seller_ratio": p.seller, "referrer_ratio": p.referrer,
             "valid_to": p.valid_to}
            for p in batch.parameters
        ],
        "assignment": assignments,
        "sales_trade": [
            {"trade_id": t.trade_id, "customer_id": t.customer_id, "account_id": None,
             "product_code": t.product, "trade_date": t.trade_date, "amount": t.amount, "fee_income": t.fee,
             "org_id": t.org_id, "teller_id": t.teller_id, "channel_code": "counter",
             "status": "live" if t.cancels is None else "cancelled", "related_trade_id": t.cancels,
             "currency": None if t.currency == "CNY" else t.currency}
            for t in batch.trades
        ],
        "sales_registration": [
            {"registration_id": r.registration_id, "trade_id": r.trade_id, "actor_id": r.employee_id,
             "actor_role": r.role, "ratio": r.ratio, "registered_at": r.registered_at,
             "registered_by": r.registered_by, "source": r.source, "revoked_at": r.revoked_at}
            for r in batch.registrations
        ],
    }  # fmt: skip
    return replace(plain, tables=tables)


def _employee(employee_id: str, org_id: str, employment: Employment) -> Row:
    return {
        "employee_id": employee_id,
        "employee_name": f"员工 {employee_id}",
        "org_id": org_id,
        "post": "teller",
        "status": "left" if employment.has_left else "active",
        "hired_on": employment.hired_on,
        "left_on": employment.left_on,
    }
