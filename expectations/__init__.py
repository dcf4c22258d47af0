"""The two gates of a night, as Great Expectations suites over the build database.

Put here: what has to hold about a delivery (gate 1) and about what is published (gate 2).
Keep out: row-local faults (``orchestration/ingestion``), rules of a single model (dbt).
"""

import os

# read when Great Expectations is imported, which only ``datasource`` does
os.environ["GX_ANALYTICS_ENABLED"] = "false"
