"""``acrm erase``: one way through all places, which can be run again after a kill or a restored backup."""

from collections.abc import Sequence
from dataclasses import dataclass

from orchestration.confirmation import note_complete
from orchestration.erasure.circles import hide_names
from orchestration.erasure.register import Erased, read_register, write_register
from orchestration.erasure.releases import erase_from_releases
from orchestration.erasure.replacement import (
    remove_landed_copies,
    replace_in_build_database,
    replace_in_lake,
    replace_in_quarantine,
    replacements,
)
from orchestration.errors import NotFoundError
from orchestration.lock import writer_lock
from orchestration.publication.files import remove
from orchestration.settings import Settings
from orchestration.waiting import processed_nights
from orchestration.warehouse import open_database

DERIVED_FOLDERS = ("what_if", "cuts", "private")
"""Below ``ACRM_HOME``: what people had made from releases. It goes whole, and can be made again."""

_HAS_BUSINESS = """
    select
        bool_or(known.status_code <> 'closed') or bool_or(accounts.status_code <> 'closed')
        or bool_or(orgs.customer_id is not null)
    from intermediate.int_customer__versions as known
    left join intermediate.int_account__versions as accounts
        on known.customer_id = accounts.customer_id and accounts.known_to_date is null
    left join customer_value.fct_customer_org_role as orgs
        on known.customer_id = orgs.customer_id
        and orgs.month_start_date = (select max(month_start_date) from customer_value.fct_customer_org_role)
        and (orgs.deposit_end_amt <> 0 or orgs.investment_end_amt <> 0
            or orgs.loan_balance_amt <> 0 or orgs.card_balance_amt <> 0)
    where known.customer_id = $customer and known.known_to_date is null
"""


@dataclass(frozen=True)
class Erasure:
    """What an erasure did.

    Attributes:
        releases: New names of releases by their old ones.
        replaced: Customers whose numbers were replaced in lake and build database.
        waiting: Customers hidden from every release whose business with the bank has not ended.
        landed: Landed batches removed.
    """

    releases: dict[str, str]
    replaced: list[str]
    waiting: list[str]
    landed: int


def erase(settings: Settings, customers: Sequence[str], order: str = "") -> Erasure:
    """Erase customers, and whoever was erased before and is found again.

    Raises:
        NotFoundError: The warehouse knows no customer of that number, or nobody yet.
        AcrmError: A place could not be written; run it again.
    """
    with writer_lock(settings):
        if not processed_nights(settings):
            raise NotFoundError("No night has run yet: there is nobody to erase. Run `acrm run` first.")
        register = read_register(settings)
        known = {erased.customer_id for erased in register.customers}
        for customer in customers:
            if customer not in known and _has_business(settings, customer) is None:
                raise NotFoundError(
                    "The warehouse knows no customer of one of these numbers. Nothing was erased."
                )
        new = [Erased(customer_id=customer, order=order) for customer in customers if customer not in known]
        register = register.including(*new)
        write_register(settings, register)
        hide_names(settings, register.hidden_ids)
        renamed = erase_from_releases(settings)
        for folder in DERIVED_FOLDERS:
            if (settings.home / folder).exists():
                remove(settings.home / folder)
        if renamed:
            with open_database(settings) as connection:
                note_complete(connection, settings)
        ended, waiting = [], []
        for erased in register.customers:
            business = _has_business(settings, erased.customer_id)
            if business:
                waiting.append(erased.customer_id)
            elif business is not None or not erased.is_replaced:
                ended.append(erased)
        landed = _replace(settings, ended)
    return Erasure(renamed, [erased.customer_id for erased in ended], waiting, landed)


def _replace(settings: Settings, ended: Sequence[Erased]) -> int:
    if not ended:
        return 0
    given = [erased.model_copy(update={"replacements": replacements(settings, erased)}) for erased in ended]
    # kept until all is written: a run after a kill goes on with the same numbers
    write_register(settings, read_register(settings).including(*given))
    new = {old: number for erased in given for old, number in erased.replacements.items()}
    replace_in_lake(settings, new)
    replace_in_quarantine(settings, new)
    replace_in_build_database(settings, new)
    landed = remove_landed_copies(settings)
    done = [
        erased.model_copy(
            update={
                "replacements": {erased.customer_id: erased.replacements[erased.customer_id]},
                "is_replaced": True,
            }
        )
        for erased in given
    ]
    write_register(settings, read_register(settings).including(*done))
    return landed


def _has_business(settings: Settings, customer: str) -> bool | None:
    """Whether anything is still open between customer and bank; None if the warehouse does not know him."""
    with open_database(settings) as connection:
        (found,) = connection.execute(_HAS_BUSINESS, {"customer": customer}).fetchone() or (None,)
    return None if found is None else bool(found)
