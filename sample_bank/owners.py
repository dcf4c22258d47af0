"""Joint accounts: who owns which share of a demand account."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from sample_bank.accounts import Accounts, account_ids
from sample_bank.columns import PPM, rates
from sample_bank.people import Customers, customer_ids
from sample_bank.rng import Ints
from sample_bank.timeline import NEVER, falls_on
from sample_bank.wealth import CENTS
from sample_bank.world import World

SHARES = np.array([500_000, 600_000, 666_667, 900_000])
CHANGED_SHARE = 550_000


@dataclass(frozen=True)
class Claims:
    """Who owns what: one element per account and owner, whole accounts included.

    Attributes:
        accounts: Place of the account.
        owners: Place of the customer.
        shares: Share owned, millionths; ``later_shares`` from the day ``changes`` on.
    """

    accounts: Ints
    owners: Ints
    shares: Ints
    later_shares: Ints
    changes: Ints
    joint: int
    """How many claims at the front belong to joint accounts: all holders, then all partners."""


def claims_of(world: World, people: Customers, accounts: Accounts) -> Claims:
    """The owners of every account; one in five joint accounts changes its shares in a night."""
    dice, habits, timeline = world.dice, world.profile.habits, world.timeline
    places = np.arange(len(people))
    partners = people.partner(places)
    fit = ~people.is_corporate & ~people.is_fleeting & (people.opened < timeline.month_starts[0])
    joint = fit & fit[partners] & (partners > places) & (people.wealth < int(habits.joint_below * CENTS))
    holders = np.flatnonzero(joint & dice.chance("joint", habits.joint, people.numbers))
    numbers = people.numbers[holders]
    share = SHARES[dice.integer("joint-share", len(SHARES), numbers)]
    later = timeline.night_days[1:] if len(timeline.night_days) > 1 else timeline.night_days
    night = later[dice.integer("joint-night", len(later), numbers)]
    changes = np.where(dice.chance("joint-change", 0.2, numbers), night, NEVER)
    whole = np.setdiff1d(np.arange(len(accounts)), holders)
    changed = np.full(len(holders), CHANGED_SHARE)
    full = np.full(len(whole), PPM)
    return Claims(
        accounts=np.concatenate([holders, holders, whole]),
        owners=np.concatenate([holders, partners[holders], accounts.holder[whole]]),
        shares=np.concatenate([share, PPM - share, full]),
        later_shares=np.concatenate([changed, PPM - changed, full]),
        changes=np.concatenate([changes, changes, np.full(len(whole), NEVER)]),
        joint=2 * len(holders),
    )


def partners_of(claims: Claims, accounts: int) -> Ints:
    """The customer who owns each account besides its holder; −1 where nobody does."""
    partners = np.full(accounts, -1)
    half = claims.joint // 2
    partners[claims.accounts[half : claims.joint]] = claims.owners[half : claims.joint]
    return partners


def owner_rows(
    people: Customers, accounts: Accounts, claims: Claims, day: int, previous: int
) -> pl.DataFrame:
    """The account_owner extract: all joint accounts with the first batch, then those that changed."""
    joint = np.arange(claims.joint)
    if previous >= 0:
        joint = joint[falls_on(claims.changes[joint], day, previous)]
    shares = np.where(claims.changes[joint] <= day, claims.later_shares[joint], claims.shares[joint])
    return pl.DataFrame(
        {
            "account_id": account_ids("account_id", accounts.number[claims.accounts[joint]]),
            "customer_id": customer_ids("customer_id", people.numbers[claims.owners[joint]]),
            "ownership_share": rates("ownership_share", shares),
            "op": pl.Series(["U"]).new_from_index(0, len(joint)),
        }
    )
