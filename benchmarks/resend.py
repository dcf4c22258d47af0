"""A corrected batch: the same date sent again with some balances changed."""

import os
import shutil

import polars as pl

from orchestration.settings import BatchId, Settings, private_folder
from orchestration.warehouse import open_database
from sample_bank.edit import BatchEdit

CORRECTED_PAIRS = 100

_TABLE = "deposit_balance"
_LOOKED_AT = 20_000
_ALIKE = ["product_code", "org_id", "currency"]


def send_again(settings: Settings, batch: BatchId) -> None:
    """Write the batch from the one sent before: pairs of accounts get each other's balance.

    Both accounts of a pair are of one org, product and currency, so that the books still agree. What a call
    that was cut off has left of the batch is written anew.
    """
    folder = settings.landing / batch.folder
    if folder.exists():
        shutil.rmtree(folder)
    private_folder(folder)
    first = settings.landing / BatchId(batch.business_date, batch.sequence - 1).folder
    changed = BatchEdit(first).path(_TABLE).name
    for path in first.iterdir():
        # a changed file must not share its content with the batch before
        if path.name in (changed, "manifest.json"):
            shutil.copyfile(path, folder / path.name)
        else:
            os.link(path, folder / path.name)
    edit = BatchEdit(folder)
    edit.manifest["sequence"] = batch.sequence
    edit.write(_TABLE, _exchanged(settings, edit.read(_TABLE)))
    edit.save()


def _exchanged(settings: Settings, frame: pl.DataFrame) -> pl.DataFrame:
    looked_at = frame.head(_LOOKED_AT)["account_id"].to_list()
    with open_database(settings) as connection:
        accounts = connection.execute(
            "select account_id, product_code, org_id, currency_code as currency"
            " from intermediate.int_account__versions"
            " where known_to_date is null and status_code = 'open' and close_date is null"
            " and account_id in (select unnest($ids))",
            {"ids": looked_at},
        ).pl()
    pairs = (
        frame.select("account_id", "balance")
        .join(accounts, on="account_id")
        .sort(*_ALIKE, "account_id")
        .with_columns((pl.int_range(pl.len()).over(_ALIKE) // 2).alias("pair"))
        .filter(
            (pl.len().over(*_ALIKE, "pair") == 2) & (pl.col("balance").n_unique().over(*_ALIKE, "pair") == 2)
        )
        .head(2 * CORRECTED_PAIRS)
        .select("account_id", pl.col("balance").reverse().over(*_ALIKE, "pair").alias("corrected"))
    )
    return frame.join(pairs, on="account_id", how="left", maintain_order="left").select(
        pl.coalesce("corrected", "balance").alias(name) if name == "balance" else name
        for name in frame.columns
    )
