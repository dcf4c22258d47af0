"""What people like to invest in: which products lie in one hand, within which risk, and since when.

Put here: choices of products and of days. Keep out: how much is invested, which is a part of the wealth.
Who holds one of the lines of a taste is likely to hold, or to buy, the others; nobody holds what is above the
risk level with which they are first told of, since no bank may sell it to them.
"""

import numpy as np

from sample_bank.catalogue import INVESTMENTS, PRODUCTS
from sample_bank.people import Customers, first_risk_levels
from sample_bank.rng import Bools, Floats, Ints
from sample_bank.world import World

TASTES = (
    ("bond", "insurance"),
    ("wealth_management", "insurance"),
    ("fund", "gold"),
    ("trust", "fund", "wealth_management"),
)
TASTE_SHARES = (0.2, 0.35, 0.3, 0.15)
LIKED = 10
"""How much likelier a product of one's taste is than another one."""
RISK_LEVELS = {"bond": 1, "insurance": 2, "wealth_management": 2, "fund": 3, "gold": 3, "trust": 4}
"""Least risk level of a customer by product line."""
BOUGHT_LATER = 0.5
"""Positions bought within the recorded months and nights; the others are as old as the relationship."""

_LINES = [PRODUCTS[product].line for product in INVESTMENTS.tolist()]
_NEEDED = np.array([RISK_LEVELS[line] for line in _LINES])
_WEIGHTS = np.array([[LIKED if line in taste else 1 for line in _LINES] for taste in TASTES], dtype=float)


def chosen(world: World, people: Customers, holders: Ints) -> tuple[Ints, Ints, Bools]:
    """First and second product of some customers, and whether there is a second one for them."""
    numbers = people.numbers[holders]
    level = np.where(people.is_corporate[holders], 5, first_risk_levels(world.dice, numbers))
    weights = _WEIGHTS[world.dice.pick("taste", TASTE_SHARES, numbers)] * (level[:, None] >= _NEEDED)
    first = _drawn(world.dice.uniform("investment-1", numbers), weights)
    weights[np.arange(len(holders)), first] = 0
    second = _drawn(world.dice.uniform("investment-2", numbers), weights)
    return INVESTMENTS[first], INVESTMENTS[second], weights.sum(axis=1) > 0


def _drawn(draws: Floats, weights: Floats) -> Ints:
    edges = weights.cumsum(axis=1)
    places: Ints = (edges <= (draws * edges[:, -1])[:, None]).sum(axis=1)
    found: Ints = np.minimum(places, weights.shape[1] - 1)
    return found


def bought_on(world: World, people: Customers, holders: Ints, rank: int) -> Ints:
    """Day on which the position of that rank of some customers is bought: not before they are customers."""
    numbers, opened = people.numbers[holders], people.opened[holders]
    days = np.concatenate(world.timeline.business_days)
    days = days[days <= world.timeline.night_days[-1]]
    place = world.dice.integer("bought-on", len(days), numbers, rank)
    is_later = world.dice.chance("bought-later", BOUGHT_LATER, numbers, rank)
    found: Ints = np.where(is_later, np.maximum(days[place], opened), opened)
    return found
