"""A small bank for the tests that run nights in every order."""

from datetime import date

from tests.support.bank import Bank

NIGHTS = [date(2026, 1, 29), date(2026, 1, 30), date(2026, 2, 2), date(2026, 2, 3)]
OPENED = date(2025, 3, 1)


def village(nights: list[date] = NIGHTS) -> Bank:
    """A few customers with everything that is carried from night to night."""
    bank = Bank(nights)
    bank.rate("USD", "7", on=date(2025, 3, 1))
    bank.rate("USD", "7.123456", on=date(2026, 2, 1))
    for number, amount in enumerate((12_000_000, 5_000_000, 600_000, 210_000, 60_000, 3), start=1):
        customer = bank.customer(f"villager-{number}", opened=OPENED)
        account = customer.holds(amount).holds(amount - 1, since=NIGHTS[1]).holds(amount + 1, since=NIGHTS[3])
        account.shared({customer.customer_id: "0.7", "villager-1": "0.3"} if number > 1 else {}, since=OPENED)
        customer.holds(number, currency="USD", since=NIGHTS[number % 4])
        customer.invests(number * 1000, product="HALF").vanishes(NIGHTS[2])
        customer.borrows(500_000 * number, since=OPENED)
        customer.card(issued=OPENED).spends(number * 50_000, on=NIGHTS[number % 4])
    return bank
