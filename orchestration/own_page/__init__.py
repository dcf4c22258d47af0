"""The page of a cut: what one manager, or one org, has to know today, as one file that a phone can read."""

from orchestration.own_page.write import PAGE_FILE as PAGE_FILE
from orchestration.own_page.write import write_own_page as write_own_page
