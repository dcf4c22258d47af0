"""``acrm explain``, ``acrm explain-trade``: the whole story of a customer or a sale, in plain language."""

from orchestration.explain.page import print_story
from orchestration.explain.statement import read_statement
from orchestration.explain.statement_page import print_statement
from orchestration.explain.story import read_story
from orchestration.explain.trade import print_trade, read_trade

__all__ = ["print_statement", "print_story", "print_trade", "read_statement", "read_story", "read_trade"]
