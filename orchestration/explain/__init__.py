"""``acrm explain``, ``explain-trade``, ``explain-event``: the whole story of a customer, a sale, an event."""

from orchestration.explain.assets import read_assets
from orchestration.explain.assets_page import print_assets
from orchestration.explain.corporate import read_corporate
from orchestration.explain.corporate_page import print_corporate
from orchestration.explain.event import read_event
from orchestration.explain.event_page import print_event
from orchestration.explain.merges import merge_sentences, read_merges
from orchestration.explain.page import print_story
from orchestration.explain.statement import read_statement
from orchestration.explain.statement_page import print_statement
from orchestration.explain.story import read_story
from orchestration.explain.trade import print_trade, read_trade

__all__ = [
    "merge_sentences",
    "print_assets",
    "print_corporate",
    "print_event",
    "print_statement",
    "print_story",
    "print_trade",
    "read_assets",
    "read_corporate",
    "read_event",
    "read_merges",
    "read_statement",
    "read_story",
    "read_trade",
]
