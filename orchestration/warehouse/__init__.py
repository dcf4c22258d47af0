"""The private build database around dbt: tonight's views over the lake, and the state that nights carry.

dbt reads tonight's rows from the schemas ``lake`` and ``pipeline``; both are made here, anew for each
night. The state of the night before is left as it was, whatever an earlier attempt at tonight did to it.
"""

from orchestration.warehouse.database import open_database, tables, transaction
from orchestration.warehouse.known import KnownTable, known_tables
from orchestration.warehouse.lake_views import create_lake_views
from orchestration.warehouse.night import (
    begin_build,
    end_build,
    forget_publishing,
    prepare_night,
    show_batch_gone,
    show_delivered,
    show_no_closing,
    shown_night,
)
from orchestration.warehouse.rekeying import hash_by

__all__ = [
    "KnownTable",
    "begin_build",
    "create_lake_views",
    "end_build",
    "forget_publishing",
    "hash_by",
    "known_tables",
    "open_database",
    "prepare_night",
    "show_batch_gone",
    "show_delivered",
    "show_no_closing",
    "shown_night",
    "tables",
    "transaction",
]
