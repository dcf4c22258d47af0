"""``acrm erase``: one way through all places, which can be run again after a kill or a restored backup."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from orchestration.erased import Erased, Register, read_register, write_register
from orchestration.erasure.circles import hide_names
from orchestration.erasure.leftovers import (
    delete_landed_copies,
    delete_made_copies,
    unknown_files,
    unknown_releases,
)
from orchestration.erasure.numbers import composed_keys
from orchestration.erasure.releases import erase_from_releases
from orchestration.erasure.replacement import (
    is_in_lake,
    replace_in_build_database,
    replace_in_lake,
    replace_in_quarantine,
    replacements,
)
from orchestration.erasure.terms import drop_expired, past_their_term
from orchestration.errors import NotFoundError
from orchestration.ingestion.audit import ErasureRun, note, user_of_process
from orchestration.ingestion.lake import lake_batches
from orchestration.lock import writer_lock
from orchestration.settings import Settings
from orchestration.waiting import processed_nights
from orchestration.warehouse import forget_publishing, open_database

TERM = "retention"
"""Order of those whom the bank's own term erases."""

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
        undecided: Customers of whom nobody can tell whether business goes on: there is no build.
        landed: Landed batches removed.
        left: What could not be deleted, a line each with place and owner.
        others: What else lies in landing, and may name them.
        unknown: What else lies in the warehouse's folder, and may name them.
    """

    releases: dict[str, str]
    replaced: list[str]
    waiting: list[str]
    undecided: int
    landed: int
    left: tuple[str, ...]
    others: tuple[str, ...]
    unknown: tuple[str, ...]


def erase(settings: Settings, customers: Sequence[str], order: str = "", by: str | None = None) -> Erasure:
    """Erase customers, and whoever was erased before and is found again.

    Audit log and register are written before anything is deleted. What could not be deleted is
    named, and the same command goes on with it.

    Args:
        order: The bank's reference of the request; name nobody in it.
        by: Who says so; without it, the user whom this process runs as.

    Raises:
        NotFoundError: The warehouse knows no customer of that number, or nobody yet.
        AcrmError: A place could not be written; run it again.
    """
    with writer_lock(settings):
        # a home may be restored without its build database, which can be made again
        nights = processed_nights(settings)
        has_build = bool(nights)
        if not has_build and not lake_batches(settings):
            raise NotFoundError("No night has run yet: there is nobody to erase. Run `acrm run` first.")
        register = read_register(settings)
        known = {erased.customer_id for erased in register.customers}
        for customer in customers:
            if customer not in known and not _is_known(settings, customer, has_build=has_build):
                raise NotFoundError(
                    "The warehouse knows no customer of one of these numbers. Nothing was erased."
                )
        at = datetime.now(UTC).astimezone()
        run = ErasureRun(at=at, by=by or user_of_process(), order=order, customers=len(customers))
        note(settings, run)
        new = [Erased(customer_id=customer, order=order) for customer in customers if customer not in known]
        if nights:
            night = nights[-1].batch.business_date
            new += [
                Erased(customer_id=customer, order=TERM)
                for customer in past_their_term(settings, night, register.including(*new))
                if _has_business(settings, customer) is False
            ]
        register = register.including(*new)
        write_register(settings, register)
        named = hide_names(settings, register.hidden_ids)
        ended, waiting, undecided = _sorted_out(settings, register, has_build=has_build)
        given = _give_numbers(settings, ended)
        if has_build:
            with open_database(settings) as connection:
                # a release that was whole when its run was killed may have another name afterwards
                forget_publishing(connection)
        left = named + (delete_made_copies(settings) if register.customers else [])
        # what replaces a release has a name that the build has not seen: the next night takes its record from
        # there, without the erased, whether this run comes to its end or not
        renamed = erase_from_releases(settings)
        _replace(settings, given)
        left += unknown_releases(settings) if register.customers else []
        landed = 0
        others: list[str] = []
        if any(erased.is_replaced for erased in read_register(settings).customers):
            landed, kept, others = delete_landed_copies(settings)
            left += kept
        if nights:
            left += drop_expired(settings, nights[-1].batch.business_date)
    return Erasure(
        renamed,
        [erased.customer_id for erased in ended],
        [erased.customer_id for erased in waiting],
        len(undecided),
        landed,
        tuple(left),
        tuple(others),
        tuple(unknown_files(settings) if register.customers else ()),
    )


def _sorted_out(
    settings: Settings, register: Register, *, has_build: bool
) -> tuple[list[Erased], list[Erased], list[Erased]]:
    """Those whose numbers are to be replaced, those who still have business, and those of whom it is unknown.

    A customer who was replaced before has numbers again where a backup was restored, or a batch named him.
    """
    ended, waiting, undecided = [], [], []
    for erased in register.customers:
        business = _has_business(settings, erased.customer_id) if has_build else None
        if erased.replacements and not erased.is_replaced:
            # a run was killed on the way
            ended.append(erased)
        elif business:
            waiting.append(erased)
        elif not erased.is_replaced and not has_build:
            undecided.append(erased)
        elif business is not None or not erased.is_replaced or is_in_lake(settings, erased.customer_id):
            ended.append(erased)
    return ended, waiting, undecided


def _give_numbers(settings: Settings, ended: Sequence[Erased]) -> list[Erased]:
    """Give random numbers, and keep them: a run after a kill goes on with the same."""
    if not ended:
        return []
    given = [
        erased.model_copy(update={"replacements": replacements(settings, erased), "is_replaced": False})
        for erased in ended
    ]
    register = read_register(settings).including(*given)
    keys = composed_keys(settings, _numbers(given))
    write_register(settings, register.model_copy(update={"keys": {**keys, **register.keys}}))
    return given


def _replace(settings: Settings, given: Sequence[Erased]) -> None:
    register = read_register(settings)
    if given:
        new = {**register.keys, **_numbers(given)}
        replace_in_lake(settings, new)
        replace_in_quarantine(settings, new)
        replace_in_build_database(settings, new)
    done = [
        erased.model_copy(
            update={
                "replacements": {erased.customer_id: erased.replacements[erased.customer_id]},
                "is_replaced": True,
            }
        )
        for erased in given
    ]
    if given or register.keys:
        write_register(settings, register.including(*done).model_copy(update={"keys": {}}))


def _numbers(given: Sequence[Erased]) -> dict[str, str]:
    return {old: number for erased in given for old, number in erased.replacements.items()}


def _is_known(settings: Settings, customer: str, *, has_build: bool) -> bool:
    is_built = has_build and _has_business(settings, customer) is not None
    return is_built or is_in_lake(settings, customer)


def _has_business(settings: Settings, customer: str) -> bool | None:
    """Whether anything is still open between customer and bank; None if the warehouse does not know him."""
    with open_database(settings) as connection:
        (found,) = connection.execute(_HAS_BUSINESS, {"customer": customer}).fetchone() or (None,)
    return None if found is None else bool(found)
