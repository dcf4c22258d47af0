"""``acrm explain``: the whole story of one customer from the published database, in plain language."""

from orchestration.explain.page import print_story
from orchestration.explain.statement import read_statement
from orchestration.explain.statement_page import print_statement
from orchestration.explain.story import read_story

__all__ = ["print_statement", "print_story", "read_statement", "read_story"]
