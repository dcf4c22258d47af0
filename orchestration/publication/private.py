"""The private release: the marts with their clear values, and who the customers are, in one encrypted file.

It is for the few who may see them, made only when asked for, and holds nothing unencrypted: DuckDB encrypts
the file and what it spills. The key goes into the statement as a parameter, never as text.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import duckdb

from contract.model import load_contract
from orchestration.erased import show_erased
from orchestration.errors import ConfigurationError, PublicationError
from orchestration.interrupts import connect
from orchestration.releases.files import remove, seal
from orchestration.releases.keys import PRIVATE_KEY, read_key
from orchestration.releases.marts import Mart
from orchestration.releases.on_disk import BUILDING, ReleaseInfo
from orchestration.releases.privacy import ERASED, may_leave
from orchestration.settings import PRIVATE_DIR, Settings, private_folder
from orchestration.sql import fill, join, name, value

PRIVATE_DATABASE = "acrm_private.duckdb"

_CUSTOMERS = "int_customer__versions"
_EXTENSION = "duckdb_extension_httpfs"
"""The wheel that holds DuckDB's OpenSSL; without it DuckDB reads encrypted files and writes none."""


def private_releases(settings: Settings) -> Path:
    """Folder of the private releases."""
    return settings.home / "private"


def publish_private(settings: Settings, release: ReleaseInfo, marts: Sequence[Mart]) -> Path:
    """Write the private release that belongs to a release; it takes the place of the one before.

    The caller holds the writer's lock and has seen to it that the build database holds the release's night.

    Raises:
        ConfigurationError: There is no key, or nothing to encrypt with.
        PublicationError: The file could not be written.
    """
    key = read_key(settings, PRIVATE_KEY)
    folder = private_folder(private_releases(settings))
    building = folder / f"{BUILDING}{release.name}"
    try:
        if building.exists():
            remove(building)
        building.mkdir(mode=PRIVATE_DIR)
        with connect(
            config={
                "threads": settings.bank.threads,
                "memory_limit": settings.bank.memory_limit,
                "temp_directory": str(building / ".spill"),
                "default_null_order": "nulls_first",
                "autoinstall_known_extensions": False,
            }
        ) as connection:
            _load_encryption(connection)
            connection.execute("set temp_file_encryption = true")
            connection.execute(
                fill("attach {path} as build (read_only)", path=value(settings.database)),
            )
            attach = fill(
                "attach {path} as release (encryption_key $key)", path=value(building / PRIVATE_DATABASE)
            )
            connection.execute(attach, {"key": key.text})
            show_erased(connection, settings, ERASED)
            for mart in marts:
                _copy(connection, mart)
            _copy_customers(connection)
            connection.execute("detach release")
        if (building / ".spill").exists():
            remove(building / ".spill")
        seal(building)
        for old in folder.iterdir():
            if old != building:
                remove(old)
        return building.rename(folder / release.name) / PRIVATE_DATABASE
    except (OSError, duckdb.Error) as error:
        raise PublicationError(
            f"The private release of {release.name} could not be written ({type(error).__name__}: {error})."
        ) from error
    finally:
        if building.exists():
            remove(building)


def _load_encryption(connection: duckdb.DuckDBPyConnection) -> None:
    found = find_spec(_EXTENSION)
    places = [] if found is None else found.submodule_search_locations or []
    files = [
        path
        for place in places
        for path in Path(place).glob(f"extensions/v{duckdb.__version__}/httpfs.duckdb_extension")
    ]
    if not files:
        raise ConfigurationError(
            f"DuckDB {duckdb.__version__} cannot encrypt without the package duckdb-extension-httpfs of the "
            "same version. Install the extra `private` of this project."
        )
    connection.execute(fill("load {path}", path=value(files[0])))


def _copy(connection: duckdb.DuckDBPyConnection, mart: Mart) -> None:
    schema = name("release", mart.schema_name)
    connection.execute(fill("create schema if not exists {schema}", schema=schema))
    connection.execute(
        fill(
            "create table {table} as select {columns} from {built} where {condition} order by {grain}",
            table=name("release", mart.schema_name, mart.name),
            columns=join(", ", map(name, mart.column_names)),
            built=name("build", mart.schema_name, mart.name),
            condition=may_leave(mart.column_names),
            grain=join(", ", map(name, mart.grain)),
        )
    )


def _copy_customers(connection: duckdb.DuckDBPyConnection) -> None:
    """Who the customers are: the private columns of the contract, as last known."""
    private = [column.name for column in load_contract().table("customer").columns if column.private]
    built = name("build", "intermediate", _CUSTOMERS)
    held = connection.execute(
        "select column_name from duckdb_columns() where database_name = 'build' and table_name = ?",
        [_CUSTOMERS],
    ).fetchall()
    columns = ["customer_id", *(column for column in private if (column,) in held)]
    connection.execute("create schema release.private")
    connection.execute(
        fill(
            "create table release.private.customer as select {columns} from {built}"
            " where known_to_date is null and {condition} order by customer_id",
            columns=join(", ", map(name, columns)),
            built=built,
            condition=may_leave(columns),
        )
    )
