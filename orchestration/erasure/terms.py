"""The bank's terms of keeping (``retention`` in ``bank.yml``): what is older is dropped.

Put here: what is past its term. Days are counted back from the newest night, so that the same nights drop the
same. Keep out: how customers are erased (``erase.py``), and how many releases stay.
"""

from datetime import date, timedelta
from pathlib import Path

from orchestration.erased import Register
from orchestration.erasure.leftovers import delete, is_used_up
from orchestration.ingestion.landing import batch_of, survey
from orchestration.settings import Settings
from orchestration.warehouse import open_database

_FORMER = """
    select known.customer_id
    from intermediate.int_customer__versions as known
    left join intermediate.int_account__versions as accounts
        on known.customer_id = accounts.customer_id and accounts.known_to_date is null
    where known.known_to_date is null
    group by known.customer_id
    having
        bool_and(known.status_code = 'closed')
        and coalesce(bool_and(accounts.status_code = 'closed'), true)
        and max(coalesce(accounts.close_date, accounts.known_from_date, known.known_from_date)) < $first_kept
    order by known.customer_id
"""


def drop_expired(settings: Settings, night: date) -> list[str]:
    """Delete used landed batches and refused rows that are past their term on a night.

    Returns:
        Lines on what could not be deleted; it is tried again after the next night.
    """
    terms = settings.bank.retention
    expired: list[Path] = []
    if terms.landing_days is not None:
        first_kept = night - timedelta(terms.landing_days)
        expired += [
            folder
            for batch, folder in survey(settings).named
            if batch.business_date < first_kept and is_used_up(settings, batch, folder)
        ]
    if terms.quarantine_days is not None:
        first_kept = night - timedelta(terms.quarantine_days)
        expired += [
            folder
            for folder in settings.quarantine.glob("business_date=*/sequence=*")
            if (batch := batch_of(folder)) is not None and batch.business_date < first_kept
        ]
    return [line for folder in sorted(expired) if (line := delete(settings, folder)) is not None]


def past_their_term(settings: Settings, night: date, register: Register) -> list[str]:
    """Customers whose last account was closed before the term of former customers, on a night."""
    days = settings.bank.retention.former_customer_days
    if days is None:
        return []
    with open_database(settings) as connection:
        rows = connection.execute(_FORMER, {"first_kept": night - timedelta(days)}).fetchall()
    known = set(register.hidden_ids)
    return [customer for (customer,) in rows if customer not in known]
