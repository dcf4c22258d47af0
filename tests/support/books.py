"""What a test bank earns and spends, beside balances: curves, fees, costs, risks, managers, products."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

Row = dict[str, Any]


@dataclass
class Books:
    """Rows of the contract's tables that a story of contribution needs; all empty in other stories.

    Events arrive with the first batch on or after their day (``on``), a curve's rate with that of its date.
    """

    curves: dict[tuple[str, int, date], Decimal] = field(default_factory=dict)
    products: list[Row] = field(default_factory=list)
    orgs: list[Row] = field(default_factory=list)
    employees: list[Row] = field(default_factory=list)
    assignments: list[Row] = field(default_factory=list)
    closed_orgs: dict[str, tuple[date, str]] = field(default_factory=dict)
    product_changes: dict[str, dict[date, Row]] = field(default_factory=dict)
    events: dict[str, list[tuple[date, Row]]] = field(default_factory=dict)

    def quote(self, curve: str, on: date, **rates: str) -> None:
        """Quote a curve: ``quote("C1", day, d0="0.01", d365="0.02")``."""
        for tenor, rate in rates.items():
            self.curves[curve, int(tenor[1:]), on] = Decimal(rate)

    def product(self, code: str, asset_class: str, **more: object) -> None:
        """Add a product to the catalogue."""
        row: Row = {
            "product_code": code,
            "product_name": code,
            "asset_class": asset_class,
            "product_line": asset_class,
            "sales_product_code": None,
            "is_in_aum": asset_class in ("deposit", "wealth"),
            "aum_weight": Decimal(1),
            "currency": "CNY",
            "day_count": 365,
            "ftp_curve_id": "C1",
            "allows_overdraft": False,
        }
        self.products.append(row | more)

    def change_product(self, code: str, on: date, **values: object) -> None:
        """Say something else of a product from the day on."""
        self.product_changes.setdefault(code, {})[on] = values

    def product_on(self, code: str, night: date) -> Row:
        """What is said of a product by a night and was not before."""
        changes = self.product_changes.get(code, {})
        return {name: value for on in sorted(changes) if on <= night for name, value in changes[on].items()}

    def book(self, table: str, on: date, **values: object) -> None:
        """Add an event of a table."""
        self.events.setdefault(table, []).append((on, dict(values)))

    def merge_org(self, org: str, into: str, *, on: date) -> None:
        """Close an org, whose business another takes over from the day on."""
        self.closed_orgs[org] = (on, into)

    def closing_of(self, org: str, night: date) -> Row:
        """What the night's batch says of the org's closing."""
        on, successor = self.closed_orgs.get(org, (None, None))
        if on is None or on > night:
            return {}
        return {"close_date": on, "successor_org_id": successor}

    def fee(self, customer: str, product: str, org: str, on: date, amount: str, cost: str = "0") -> None:
        """Earn a fee."""
        self.book(
            "fee_income", on, fee_id=f"F{len(self.events.get('fee_income', [])) + 1}", customer_id=customer,
            product_code=product, org_id=org, income_date=on, fee_type="service", amount=Decimal(amount),
            direct_cost=Decimal(cost),
        )  # fmt: skip

    def pool(self, pool: str, org: str, month: date, amount: str, driver: str, *, on: date) -> None:
        """Have costs of a month to spread."""
        self.book(
            "cost_pool", on, cost_pool_id=pool, cost_month=month, org_id=org, amount=Decimal(amount),
            driver_code=driver,
        )  # fmt: skip

    def risk(
        self, loan: str, month: date, pd: str, lgd: str, ead: str, capital: str | None = None, *, on: date
    ) -> None:
        """Rate a loan."""
        self.book(
            "risk_parameter", on, loan_id=loan, risk_month=month, pd=Decimal(pd), lgd=Decimal(lgd),
            ead=Decimal(ead), capital_rate=Decimal(capital) if capital else None,
        )  # fmt: skip

    def move(self, account: str, on: date, times: int = 1) -> None:
        """Book transactions of an account."""
        for _ in range(times):
            self.book(
                "transaction", on, txn_id=f"T{len(self.events.get('transaction', [])) + 1}",
                account_id=account, txn_date=on, amount=Decimal("1.00"), direction="in", currency="CNY",
                is_in_bank=True, txn_type="transfer",
            )  # fmt: skip

    def assign(
        self, customer: str, employee: str, org: str, share: str, since: date, until: date | None = None
    ) -> None:
        """Give a customer to a manager; the last day is the one before ``until``."""
        self.assignments.append(
            {
                "assignment_id": f"S{len(self.assignments) + 1}",
                "customer_id": customer,
                "employee_id": employee,
                "org_id": org,
                "role": "main",
                "participation": Decimal(share),
                "valid_from": since,
                "valid_to": until,
                "change_reason": "assign",
                "recorded_at": datetime.combine(since, time(9)),
            }
        )

    def arrived(self, table: str, night: date, previous: date | None) -> list[Row]:
        """Events that the batch of a night brings."""
        return [
            row
            for on, row in self.events.get(table, [])
            if on <= night and (previous is None or on > previous)
        ]
