"""What kind of bank is generated: shares, levels and habits. Every number of a profile is here."""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

ProfileName = Literal["suzhou", "wealthy", "fujian"]


@dataclass(frozen=True)
class Band:
    """Customers whose AUM lies between two bounds.

    Attributes:
        lower: Least AUM, yuan.
        upper: AUM that belongs to the next band; none for the top band.
        share: Share of all customers.
        mean: Their mean AUM, yuan.
    """

    lower: float
    upper: float | None
    share: float
    mean: float


# Balances of a postal bank's city branch, end of February 2012: customers and yuan by band
_SUZHOU = (
    (0, 10_000, 6_519_865, 3_229_183_218.2),
    (10_000, 50_000, 774_321, 14_697_374_110.0),
    (50_000, 200_000, 136_773, 10_183_578_670.0),
    (200_000, 1_000_000, 8_201, 2_395_060_009.0),
    (1_000_000, None, 272, 567_632_980.8),
)
_SUZHOU_CUSTOMERS = 7_439_432


class Habits(BaseModel):
    """Shares of customers with some product or behaviour.

    Attributes:
        corporate: Corporate customers besides those by rank.
        corporate_every: Every so many customers by rank, one is corporate.
        corporate_below: AUM from which nobody is corporate, yuan.
        new_in_history: First account opened within the recorded months.
        new_a_night: First account opened, per night.
        closed: Relationship ended, before or within the nights, or ended and taken up again.
        closed_below: AUM above which nobody ends the relationship, yuan.
        rich_from: AUM from which term deposits, investments and loans are usual, yuan.
        still: Customers whose balances never move.
        salary: Customers with a salary account.
        trade_a_night: Customers who buy a sales product on a day.
        trade_size: What is sold against the sizes of :mod:`sample_bank.sales`.
        term_still: Term deposits among the rich whose wealth keeps its course.
        loan_size: Principal of loans against the sizes of :mod:`sample_bank.loans`.
        messages: Holders of debit cards who pay for messages.
        fee_a_night: Customers who pay for a transfer or other service on a day.
        drift: Shares of the courses of wealth: still, rising, falling, dropped, dipped, jumped.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    corporate: float
    corporate_every: int
    corporate_below: float
    new_in_history: float
    new_a_night: float
    closed: float
    closed_below: float
    rich_from: float
    still: float
    salary: float
    second_account: float
    term: float
    term_rich: float
    term_still: float
    investment: float
    investment_rich: float
    foreign: float
    overdraft: float
    margin: float
    joint: float
    joint_below: float
    debit_card: float
    credit_card: float
    credit_card_rich: float
    mortgage: float
    unsecured: float
    guaranteed: float
    other_loan: float
    loan_size: float
    overdue: float
    assigned_from: float
    assigned: float
    trade_a_night: float
    trade_size: float
    messages: float
    fee_a_night: float
    in_bank_transfer: float
    drift: tuple[float, ...] = Field(min_length=6, max_length=6)


class UnitCosts(BaseModel):
    """What an outlet spends in a month by what it serves.

    A bank of savers runs on yuan a year, one of wealthy customers on hundreds: its staff earn what
    their customers bring.

    Attributes:
        account: Of every account, loan and card, cents; at outlets that keep cost by account.
        customer: Of every customer, cents; at the other outlets with a cost per head.
        transaction: Of every transaction, cents.
        balance: Of every yuan on deposit, invested or lent, millionths a year.
        head_every: One outlet in so many has a cost per head, by account or by customer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    account: int
    customer: int
    transaction: int
    balance: int
    head_every: int


class Contacts(BaseModel):
    """How often a bank reaches for customers in a year, by one kind of sending.

    Attributes:
        sendings: Campaigns, or batches of messages.
        contacts: Customers reached for, each as often as it was.
        customers: Customers reached for, each once.
        most: Contacts of the customer who had most.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sendings: int
    contacts: int
    customers: int
    most: int


class ContactYear(BaseModel):
    """The contacts of the last night's year up to that night, exactly; nobody else is contacted in it.

    Attributes:
        campaigns: By campaigns, in the bank's app.
        messages: By text message.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    campaigns: Contacts
    messages: Contacts


class Profile(BaseModel):
    """A kind of bank.

    Attributes:
        contact_year: What contacts add up to; without it customers are drawn one by one.
    """

    model_config = ConfigDict(frozen=True)

    name: ProfileName
    bands: tuple[Band, ...]
    habits: Habits
    costs: UnitCosts
    customers_per_outlet: int
    contact_year: ContactYear | None = None


SUZHOU = Profile(
    name="suzhou",
    bands=tuple(
        Band(lower, upper, customers / _SUZHOU_CUSTOMERS, balance / customers)
        for lower, upper, customers, balance in _SUZHOU
    ),
    habits=Habits(
        corporate=0.003,
        corporate_every=20,
        corporate_below=1_000_000,
        new_in_history=0.12,
        new_a_night=0.0002,
        closed=0.0004,
        closed_below=5_000,
        rich_from=10_000,
        still=0.55,
        salary=0.12,
        second_account=0.45,
        term=0.04,
        term_rich=0.75,
        term_still=0.95,
        investment=0.002,
        investment_rich=0.08,
        foreign=0.002,
        overdraft=0.0005,
        margin=0.0005,
        joint=0.001,
        joint_below=5_000,
        debit_card=0.6,
        credit_card=0.01,
        credit_card_rich=0.08,
        mortgage=0.006,
        unsecured=0.004,
        guaranteed=0.002,
        other_loan=0.001,
        loan_size=0.3,
        overdue=0.04,
        assigned_from=200_000,
        assigned=0.85,
        trade_a_night=0.0005,
        trade_size=0.15,
        messages=0.02,
        fee_a_night=0.0005,
        in_bank_transfer=0.002,
        drift=(0.70, 0.10, 0.08, 0.05, 0.04, 0.03),
    ),
    costs=UnitCosts(account=40, customer=60, transaction=35, balance=2_900, head_every=3),
    customers_per_outlet=35_000,
)

WEALTHY = Profile(
    name="wealthy",
    bands=(
        Band(0, 10_000, 0.28, 3_000),
        Band(10_000, 50_000, 0.22, 26_000),
        Band(50_000, 200_000, 0.21, 105_000),
        Band(200_000, 500_000, 0.14, 310_000),
        Band(500_000, 1_000_000, 0.06, 690_000),
        Band(1_000_000, 5_000_000, 0.055, 2_300_000),
        Band(5_000_000, 10_000_000, 0.02, 6_900_000),
        Band(10_000_000, None, 0.015, 16_000_000),
    ),
    habits=Habits(
        corporate=0.02,
        corporate_every=22,
        corporate_below=5_000_000,
        new_in_history=0.15,
        new_a_night=0.0015,
        closed=0.03,
        closed_below=1_000_000,
        rich_from=50_000,
        still=0.30,
        salary=0.30,
        second_account=0.25,
        term=0.10,
        term_rich=0.75,
        term_still=0.95,
        investment=0.05,
        investment_rich=0.50,
        foreign=0.05,
        overdraft=0.01,
        margin=0.01,
        joint=0.03,
        joint_below=1e12,
        debit_card=0.75,
        credit_card=0.25,
        credit_card_rich=0.50,
        mortgage=0.16,
        unsecured=0.08,
        guaranteed=0.05,
        other_loan=0.05,
        loan_size=1.0,
        overdue=0.04,
        assigned_from=150_000,
        assigned=0.85,
        trade_a_night=0.006,
        trade_size=1.0,
        messages=0.25,
        fee_a_night=0.01,
        in_bank_transfer=0.01,
        drift=(0.40, 0.14, 0.14, 0.18, 0.08, 0.06),
    ),
    costs=UnitCosts(account=1_400, customer=3_000, transaction=400, balance=2_400, head_every=1),
    customers_per_outlet=600,
)

# A bank's marketing of 2021, people and contacts at 1 : 1000: 6,879 campaigns with 98.09 million contacts, 5
# to a person and 156 at most; 3,623 batches of 150 million messages, 14 to a number and over 350 at most
FUJIAN = SUZHOU.model_copy(
    update={
        "name": "fujian",
        "contact_year": ContactYear(
            campaigns=Contacts(sendings=6_879, contacts=98_090, customers=19_618, most=156),
            messages=Contacts(sendings=3_623, contacts=150_000, customers=10_714, most=351),
        ),
    }
)

PROFILES: dict[ProfileName, Profile] = {"suzhou": SUZHOU, "wealthy": WEALTHY, "fujian": FUJIAN}
