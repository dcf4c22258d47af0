"""The bank of the stories: named customers, seven nights from January to March 2026.

Nights: Monday 19 January (initial load), Friday 23, Monday 26, Friday 30 January; Monday 2 and Friday 27
February; Monday 2 March. So every story can put its days before, on and between two nights, and both
month ends lie on a weekend.
"""

from datetime import date

from tests.support.bank import Bank

START = date(2026, 1, 19)
FRI_23, MON_26, FRI_30 = date(2026, 1, 23), date(2026, 1, 26), date(2026, 1, 30)
MON_2, FRI_27, MARCH_2 = date(2026, 2, 2), date(2026, 2, 27), date(2026, 3, 2)
JANUARY, FEBRUARY, MARCH = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)
DECEMBER = date(2025, 12, 1)
SATURDAY_24, SATURDAY_31 = date(2026, 1, 24), date(2026, 1, 31)
LONG_AGO = date(2015, 6, 1)


def town() -> Bank:
    """Everybody of the stories in one bank."""
    bank = Bank([START, FRI_23, MON_26, FRI_30, MON_2, FRI_27, MARCH_2])
    _rates(bank)
    _families(bank)
    _accounts_that_end(bank)
    _borrowers(bank)
    _card_holders(bank)
    _others(bank)
    return bank


def _rates(bank: Bank) -> None:
    bank.rate("USD", "6.5", on=date(2025, 11, 30))
    bank.rate("USD", "6.8", on=date(2025, 12, 31))
    bank.rate("USD", "7.00", on=FRI_23)
    bank.rate("USD", "7.10", on=SATURDAY_24)
    bank.rate("USD", "7.20", on=MON_26)


def _families(bank: Bank) -> None:
    minh = bank.customer("minh", opened=DECEMBER)
    bank.customer("lan", opened=DECEMBER)
    joint = minh.holds(1_000_000)
    joint.shared({"minh": "0.6", "lan": "0.4"}, since=DECEMBER)
    joint.shared({"minh": "0.25", "lan": "0.75"}, since=MON_2)

    thu = bank.customer("thu", opened=DECEMBER)
    thu.holds(100_000).shared({"thu": "0.5", "lan": "0.5"}, since=DECEMBER).shared({}, since=MON_2)

    an = bank.customer("an", opened=DECEMBER)
    bank.customer("binh", opened=DECEMBER)
    bank.customer("cuc", opened=DECEMBER)
    an.holds(100).shared({"an": "0.333333", "binh": "0.333333", "cuc": "0.333334"}, since=DECEMBER)


def _accounts_that_end(bank: Bank) -> None:
    bank.customer("tuan", opened=DECEMBER).holds(310_000).vanishes(MON_26)

    hoa = bank.customer("hoa", opened=DECEMBER)
    hoa.holds(62_000).closes(FRI_23)
    hoa.holds(62_000, since=MON_26)

    bank.customer("bao", opened=DECEMBER).holds(31_000).closes(SATURDAY_31)

    bank.customer("quan", opened=DECEMBER).leaves(FRI_30).returns(MARCH_2).holds(31_000).closes(FRI_30)

    bank.customer("yen", opened=DECEMBER).leaves(MON_2).holds(31_000).closes(MON_2)


def _borrowers(bank: Bank) -> None:
    hung = bank.customer("hung", opened=LONG_AGO)
    hung.account().months(60, *[30] * 9, to=MARCH)
    hung.borrows(1_600_000, since=date(2024, 5, 1)).owes(1_400_000, since=FRI_27)

    khoa = bank.customer("khoa", opened=DECEMBER)
    khoa.holds(10_000)
    khoa.borrows(200_000, since=DECEMBER, loan_class="unsecured")
    khoa.borrows(100_000, since=DECEMBER, loan_class="guaranteed").repaid(MON_2)


def _card_holders(bank: Bank) -> None:
    dat = bank.customer("dat", opened=DECEMBER)
    dat.holds(100_000)
    dat.card(grade="diamond", issued=date(2026, 1, 5), expires=date(2026, 2, 28))

    frozen = bank.customer("giang", opened=DECEMBER)
    frozen.holds(100_000)
    frozen.card(grade="diamond", issued=date(2026, 1, 5)).becomes("frozen", on=MON_2)

    phuc = bank.customer("phuc", opened=LONG_AGO)
    phuc.holds(1_000, since=DECEMBER)
    credit = phuc.card(issued=date(2024, 1, 1))
    credit.spends(60_000, on=date(2025, 2, 1))
    credit.spends("40000.00", on=date(2026, 1, 20))
    credit.spends(500_000, on=date(2026, 1, 21), consumption=False)
    phuc.card(kind="debit", issued=date(2024, 1, 1)).spends(900_000, on=date(2026, 1, 21))

    mai = bank.customer("mai", opened=LONG_AGO)
    mai.holds(1_000, since=DECEMBER)
    card = mai.card(issued=date(2024, 1, 1))
    bought = card.spends(120_000, on=date(2026, 1, 20))
    card.reverses(bought, 30_000, on=date(2026, 1, 27))


def _others(bank: Bank) -> None:
    bank.customer("trader", opened=DECEMBER).holds(1_000, since=FRI_23, currency="USD")
    bank.customer("expat", opened=date(2025, 11, 1)).holds(1_000, currency="USD")

    son = bank.customer("son", opened=DECEMBER)
    son.holds(20_000)
    son.account(product="OVERDRAFT").holds(-5_000, since=START)

    lien = bank.customer("lien", opened=DECEMBER)
    for product in ("FUND", "HALF", "OUTSIDE"):
        lien.invests(100_000, product=product)

    # two classes at two orgs, a loan and a card: O2 is the org of the loan
    ha = bank.customer("ha", opened=DECEMBER)
    ha.holds(100_000)
    ha.account(product="FUND", org="O2").holds(30_000, since=DECEMBER).holds(60_000, since=MON_2)
    ha.account(org="O2").holds(5_000, since=DECEMBER).closes(FRI_27)
    ha.borrows(8_000, since=DECEMBER, loan_class="other", org="O2")
    ha.card(issued=date(2025, 12, 5)).owes(700, since=START).owes(0, since=MON_2)

    bank.customer("factory", kind="C", opened=DECEMBER).holds(20_000_000)

    bank.customer("nga", opened=DECEMBER).holds(310_000).holds(1_000, since=MON_2)

    bank.customer("saturday", opened=SATURDAY_31).holds(28_000)
    bank.customer("monday", opened=MON_2).holds(28_000)

    bank.customer("migrated", opened=LONG_AGO).holds(300_000, since=date(2025, 11, 1))
    bank.customer("elder", opened=LONG_AGO).holds(10_000, since=date(2024, 9, 1))
