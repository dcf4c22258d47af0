"""Orders in which a bank's batches may come: late, twice, changed and sent again, killed on the way."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from tests.support.bank import Delivery, Row

Step = tuple[Delivery, bool]
"""A night that is run, and whether it is published; one that is not was killed, or is replayed on the way."""


def interleaved(
    batches: Sequence[Delivery],
    luck: random.Random,
    altered: Callable[[Delivery, random.Random], Delivery] | None = None,
) -> list[Step]:
    """Runs of the nights after which every batch counts as it is; some came otherwise before.

    Args:
        altered: What a batch that came otherwise said.
    """
    altered = altered or altered_moves
    steps: list[Step] = []
    # the batch of each night as it was sent last, and when a wrong one is put right
    current: list[Delivery] = []
    wrong: dict[int, int] = {}
    for index, batch in enumerate(batches):
        final = replace(batch, sequence=2)
        is_last = index == len(batches) - 1
        if index and not is_last and luck.random() < 0.35:
            wrong[index] = index + luck.randint(1, 3)
            current.append(altered(batch, luck))
        else:
            current.append(final)
        if luck.random() < 0.15:
            steps.append((current[index], False))
        steps.append((current[index], True))
        if luck.random() < 0.1:
            steps.append((current[index], True))
        due = [other for other, at in wrong.items() if at <= index or is_last]
        for other in due:
            current[other] = replace(batches[other], sequence=2)
            del wrong[other]
        if due:
            since = current[min(due) : index + 1]
            if luck.random() < 0.2:
                steps += [(each, False) for each in since[:-1]]
            steps += [(each, each is since[-1]) for each in since]
    return steps


def altered_moves(batch: Delivery, luck: random.Random) -> Delivery:
    """A batch that lacks some of its transactions, has others of its own, and is wrong about debts."""
    accounts = [row["account_id"] for row in batch.tables["deposit_balance"]]
    kept = [row for row in batch.tables["transaction"] if luck.random() < 0.6]
    invented: list[Row] = [
        {
            "txn_id": f"X{batch.business_date:%m%d}{number}",
            "account_id": luck.choice(accounts),
            "txn_date": batch.business_date - timedelta(luck.choice((0, 1, 9))),
            "amount": Decimal(luck.choice(("60000.00", "300000.00", "12000.00"))),
            "direction": luck.choice(("in", "out")),
            "currency": "CNY",
            "is_in_bank": False,
            "txn_type": luck.choice(("transfer", "salary", "cash", "purchase")),
            "counter_customer_id": None,
            "reversed_txn_id": None,
        }
        for number in range(luck.randint(1, 3))
    ]
    loans = [
        row | {"days_past_due": luck.choice((0, row["days_past_due"], 33))}
        for row in batch.tables["loan_balance"]
    ]
    tables = batch.tables | {"transaction": kept + invented, "loan_balance": loans}
    return replace(batch, sequence=1, tables=tables)


def altered_books(batch: Delivery, luck: random.Random) -> Delivery:
    """A batch whose balances, events and catalogue are wrong: what chapters 2 to 4 go by."""
    wrong = (Decimal(0), Decimal("123456.78"), Decimal("7000000.01"))
    tables = dict(batch.tables)
    for table, column in _AMOUNTS.items():
        tables[table] = [
            row | {column: luck.choice(wrong)} if luck.random() < 0.4 else row
            for row in tables.get(table, [])
        ]
    for table in ("card_txn", "fee_income", "cost_pool", "risk_parameter", "assignment", "account_owner"):
        if table in tables:
            tables[table] = [row for row in tables[table] if luck.random() < 0.6]
    tables["product"] = [row | {"is_in_aum": luck.random() < 0.7} for row in tables["product"]]
    return replace(batch, sequence=1, tables=tables)


_AMOUNTS = {"deposit_balance": "balance", "investment_position": "market_value", "loan_balance": "balance"}
