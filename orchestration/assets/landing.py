"""What the bank sends.

Put here: data that others make. Keep out: reading it (``orchestration/ingestion``).
"""

import dagster as dg

LANDED_BATCH = dg.AssetKey(["landing", "batch"])


def landed_batch(business_dates: dg.PartitionsDefinition) -> dg.AssetSpec:
    """The batch of a business date; the sensor reports when its manifest has come."""
    return dg.AssetSpec(
        LANDED_BATCH,
        description="A night's extracts and their manifest, exactly as the bank sent them.",
        group_name="landing",
        partitions_def=business_dates,
    )
