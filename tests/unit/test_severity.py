"""How much of a table may break a rule."""

import re
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from contract.model import load_contract
from orchestration import check_rules
from orchestration.check_rules import CHECK_RULES, remedy_for, rule_for, rules_of
from orchestration.screening.cross_rules import CROSS_CODES

EXPECTATIONS = Path(__file__).parents[2] / "expectations"


@pytest.mark.parametrize(
    ("check_code", "table", "rows", "allowed"),
    [
        ("value_missing", "customer", 0, 1),
        ("value_missing", "customer", 300, 1),
        ("value_missing", "customer", 1999, 1),
        ("value_missing", "customer", 2000, 2),
        ("reference_unknown", "account", 40, 1),
        # an account of two owners goes whole
        ("shares_not_one", "account_owner", 40, 2),
        # a balance is money: the share alone counts
        ("value_missing", "deposit_balance", 999, 0),
        ("value_missing", "deposit_balance", 1000, 1),
        ("negative_balance", "deposit_balance", 999, 0),
        ("reference_unknown", "monthly_balance_history", 999, 0),
        ("month_not_first_day", "monthly_balance_history", 999, 0),
        # no share, no floor
        ("control_sum", "customer", 100_000, 0),
        ("key_not_unique", "customer", 100_000, 0),
        ("ledger_control", "ledger_control", 100_000, 0),
    ],
)
def test_the_larger_of_share_and_floor_is_let_through(check_code, table, rows, allowed):
    assert rule_for(check_code, table).allowed(rows) == allowed


def test_tables_of_balances_are_those_that_money_totals_are_made_of():
    balances = {table.name for table in load_contract().tables if table.holds_balances}

    assert balances >= {
        "deposit_balance", "investment_position", "loan_balance", "card_balance", "ledger_control",
        "monthly_balance_history",
    }  # fmt: skip
    assert not balances & {"customer", "account", "org", "employee", "product", "transaction", "sales_trade"}


def test_a_replay_is_judged_by_the_limits_of_its_day(tmp_path, monkeypatch):
    """A limit of 2 rows since 1 June: a night of May is replayed under the 1 row that held in May."""
    first, *rows = CHECK_RULES.read_text(encoding="utf-8").splitlines()
    (old,) = (row for row in rows if row.startswith("value_missing,*,"))
    later = old.replace(",1,,1900-01-01,DQ-002,", ",2,,2026-06-01,DQ-009,")
    assert later != old
    path = tmp_path / "check_rules.csv"
    path.write_text("\n".join([first, later, *rows]), encoding="utf-8")
    monkeypatch.setattr(check_rules, "CHECK_RULES", path)
    for cached in (check_rules._versions, check_rules._rules_on):
        monkeypatch.setattr(check_rules, cached.__name__, cache(cached.__wrapped__))

    with rules_of(date(2026, 5, 31)):
        assert rule_for("value_missing", "customer").allowed(40) == 1
    with rules_of(date(2026, 6, 1)):
        assert rule_for("value_missing", "customer").allowed(40) == 2
        with rules_of(date(2026, 5, 31)):
            assert rule_for("value_missing", "customer").allowed(40) == 1
        assert rule_for("value_missing", "customer").allowed(40) == 2
    assert rule_for("value_missing", "customer").allowed(40) == 2


def test_whatever_a_gate_finds_an_operator_is_told_what_to_do_next():
    texts = "".join(path.read_text(encoding="utf-8") for path in EXPECTATIONS.rglob("*.py"))
    codes = {*re.findall(r'check_code="(\w+)"', texts), *CROSS_CODES}
    rules = (line.split(",") for line in CHECK_RULES.read_text(encoding="utf-8").splitlines())
    codes |= {code for code, _, severity, *_ in rules if severity == "quarantine"}

    assert len(codes) > 40
    assert [code for code in sorted(codes) if not remedy_for(code).endswith(".")] == []


def test_a_table_without_words_of_its_own_has_those_of_the_rule():
    assert remedy_for("arrival", "org") == remedy_for("arrival") != ""
