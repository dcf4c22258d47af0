"""Who is erased. The list is private; it is what keeps a batch sent again from bringing a customer back."""

from pathlib import Path

import duckdb
from pydantic import BaseModel, ConfigDict, ValidationError

from orchestration.errors import ConfigurationError
from orchestration.settings import PRIVATE_FILE, Settings, private_folder
from orchestration.sql import Sql, fill


class Erased(BaseModel):
    """One customer under erasure.

    Attributes:
        customer_id: The bank's number, by which later batches are recognised.
        order: The bank's reference of the request.
        replacements: Random numbers in place of the customer's own; once they are written everywhere, only
            that of the customer is kept, so that nothing leads from the accounts back.
        is_replaced: Whether lake and build database hold them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    customer_id: str
    order: str = ""
    replacements: dict[str, str] = {}
    is_replaced: bool = False


class Register(BaseModel):
    """All customers under erasure, in the order in which they were erased.

    Attributes:
        keys: What stands for keys that are made of replaced numbers, such as those of transactions; kept only
            until it is written everywhere.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    customers: tuple[Erased, ...] = ()
    keys: dict[str, str] = {}

    @property
    def hidden_ids(self) -> list[str]:
        """Customer numbers, old and in their place, that no release may hold."""
        return sorted(
            {
                number
                for erased in self.customers
                for number in (
                    erased.customer_id,
                    erased.replacements.get(erased.customer_id, erased.customer_id),
                )
            }
        )

    def including(self, *others: Erased) -> "Register":
        """The register with these entries in place of older ones of the same customers, or after them."""
        entries = {erased.customer_id: erased for erased in (*self.customers, *others)}
        return self.model_copy(update={"customers": tuple(entries.values())})


def register_file(settings: Settings) -> Path:
    """Where the register is kept."""
    return settings.home / "erasure" / "register.json"


def read_register(settings: Settings) -> Register:
    """The register; empty if nobody was erased.

    Raises:
        ConfigurationError: It cannot be read. Nothing may be published then.
    """
    path = register_file(settings)
    if not path.exists():
        return Register()
    try:
        return Register.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ConfigurationError(
            f"{path}: the register of erased customers cannot be read ({type(error).__name__}). "
            "Restore it from the backup; nothing is published without it."
        ) from error


def write_register(settings: Settings, register: Register) -> None:
    """Replace the register in one step."""
    path = register_file(settings)
    private_folder(path.parent)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(register.model_dump_json(indent=1) + "\n", encoding="utf-8")
    unfinished.chmod(PRIVATE_FILE)
    unfinished.replace(path)


def show_erased(connection: duckdb.DuckDBPyConnection, settings: Settings, table: Sql) -> bool:
    """Make a table of the hidden customer numbers; returns whether there are any."""
    connection.execute(fill("create or replace table {table} (customer_id varchar)", table=table))
    hidden = read_register(settings).hidden_ids
    if hidden:
        connection.execute(
            fill("insert into {table} select unnest($hidden)", table=table), {"hidden": hidden}
        )
    return bool(hidden)
