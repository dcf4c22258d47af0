"""Commands on what is published: who may see which part of it, and what it promises."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from orchestration.cli_arguments import day
from orchestration.settings import Settings

publishing = typer.Typer()

_MOST_NAMED = 20


@publishing.command("rotate-key")
def rotate_key() -> None:
    """Publish the last night again under the key that is configured now, and delete all other releases."""
    from orchestration.console import out
    from orchestration.republish import change_key

    out.print(f"current is now {change_key(Settings.load())}; its numbers are hashed by the new key.")


@publishing.command("private-release")
def private_release() -> None:
    """Write the current release with its clear values, encrypted, for those who may see them."""
    from orchestration.console import out
    from orchestration.republish import make_private_release

    out.print(f"wrote {make_private_release(Settings.load())}", soft_wrap=True)


@publishing.command("release-for")
def release_for(
    org: Annotated[str | None, typer.Option(help="An org, with all below it.")] = None,
    rm: Annotated[str | None, typer.Option(help="A relationship manager's employee number.")] = None,
) -> None:
    """Write the part of the current release that one org, or one relationship manager, may see."""
    from orchestration.console import out
    from orchestration.publication.cut import Wanted
    from orchestration.republish import make_cut

    if (org is None) == (rm is None):
        raise typer.BadParameter("name an org or a manager", param_hint="--org / --rm")
    wanted = Wanted("rm", rm) if rm is not None else Wanted("org", org or "")
    out.print(f"wrote {make_cut(Settings.load(), wanted)}", soft_wrap=True)


@publishing.command()
def feeds(
    business_date: Annotated[str, typer.Option("--date", metavar="YYYY-MM-DD", help="Of a kept release.")],
    folder: Annotated[Path, typer.Option("--to", help="Folder that is absent, empty or holds just this.")],
    kind: Annotated[
        Literal["csv", "parquet"], typer.Option("--format", help="CSV is UTF-8 with a byte order mark.")
    ] = "csv",
) -> None:
    """Write the feeds of the workbench as files for the front office, a manifest beside them."""
    from orchestration.console import counted, out
    from orchestration.feeds import write_feeds

    wanted = day(business_date, "--date")
    if wanted is None:
        raise typer.BadParameter("name a date", param_hint="--date")
    done = write_feeds(Settings.load(), wanted, folder, kind)
    told = f"{counted(len(done.rows), 'feed')}, {counted(sum(done.rows.values()), 'row')}, in {done.folder}"
    out.print(f"{'wrote' if done.is_new else 'the same as before:'} {told}", soft_wrap=True)


@publishing.command()
def erase(
    customers: Annotated[
        list[str] | None, typer.Argument(help="Customers' numbers; none: those erased before, once more.")
    ] = None,
    order: Annotated[str, typer.Option(help="The bank's reference of the request.")] = "",
    by: Annotated[str | None, typer.Option(help="Who says so; without it, the user of this process.")] = None,
) -> None:
    """Erase customers from every release, and from lake and build database once their business has ended."""
    from orchestration.console import counted, out
    from orchestration.erasure.erase import erase as erase_customers
    from orchestration.errors import StorageError

    settings = Settings.load()
    done = erase_customers(settings, customers or [], order, by)
    for old, new in done.releases.items():
        out.print(f"release {old} is replaced by {new}")
    out.print(
        f"{len(done.replaced)} customers: numbers replaced in lake and build database; "
        f"{done.landed} landed batches removed. "
        f"{len(done.waiting)} customers still have business with the bank: hidden from every release; "
        "run `acrm erase` again once that has ended.",
        soft_wrap=True,
    )
    if done.others:
        out.print(
            f"{len(done.others)} folders or files stay in landing that no run has taken and may name them: "
            f"{', '.join(done.others)}. Run `acrm erase` again when they are in the lake or gone.",
            soft_wrap=True,
        )
    if done.unknown:
        shown, more = done.unknown[:_MOST_NAMED], len(done.unknown) - _MOST_NAMED
        out.print(
            f"{counted(len(done.unknown), 'other thing')} in {settings.home} may name them: "
            f"{'; '.join(shown)}"
            f"{f'; and {more} more' if more > 0 else ''}. Look through them, and delete what does.",
            soft_wrap=True,
        )
    left = [f"Left: {line}; then run `acrm erase` again." for line in done.left]
    if done.undecided:
        left.append(
            f"Left: {done.undecided} customers are hidden, and nobody can tell whether their business has "
            "ended: there is no build database. Run `acrm rebuild`, then `acrm erase` again."
        )
    if left:
        raise StorageError("\n".join(left))


@publishing.command()
def subject(
    customer: Annotated[str, typer.Argument(help="A customer's number.")],
    folder: Annotated[Path, typer.Option("--to", help="Folder that is absent or empty; it will be private.")],
) -> None:
    """Write all that is held of a customer, in the clear, and where it is held."""
    from orchestration.console import counted, out
    from orchestration.erasure.subject import WHERE, write_subject

    held = write_subject(Settings.load(), customer, folder)
    out.print(
        f"wrote {counted(held.rows, 'row')} of {counted(len(held.places), 'place')} to {held.folder}; "
        f"{WHERE} lists them. They are in the clear: hand them over and delete them.",
        soft_wrap=True,
    )


@publishing.command()
def docs() -> None:
    """Write dbt's own documentation site of this warehouse, as one file."""
    from orchestration.console import out
    from orchestration.lock import writer_lock
    from orchestration.transform import Transform

    settings = Settings.load()
    with writer_lock(settings):
        out.print(f"wrote {Transform(settings).write_docs()}", soft_wrap=True)


@publishing.command()
def schema(
    write: Annotated[bool, typer.Option("--write", help="Agree on what the models make.")] = False,
) -> None:
    """Compare the published schema with the one agreed on; --write agrees, and writes the metrics' files."""
    from orchestration.console import out
    from orchestration.metrics.semantic import SEMANTIC_FOLDER, semantic_files
    from orchestration.publication.dictionary import DICTIONARY_FILE, metric_dictionary
    from orchestration.publication.reference import write_pages
    from orchestration.publication.schema import (
        agreed_schema,
        breaking_changes,
        published_schema,
        write_schema,
    )
    from orchestration.releases.marts import marts_from_manifest
    from orchestration.transform import Transform

    manifest = Transform(Settings.load()).manifest
    made = published_schema(marts_from_manifest(manifest))
    for change in breaking_changes(agreed_schema(), made):
        out.print(f"breaking: {change}")
    if write:
        write_schema(made)
        DICTIONARY_FILE.write_text(metric_dictionary(manifest), encoding="utf-8")
        write_pages(semantic_files(manifest), SEMANTIC_FOLDER)
    out.print(f"version {made.version}, {len(made.tables)} tables")


@publishing.command()
def evidence(
    folder: Annotated[Path, typer.Option("--to", help="New folder.")],
) -> None:
    """Write the examiner's folder: which rule is met by what, the classes of all columns, and what stands."""
    from orchestration.console import counted, out
    from orchestration.evidence import write_evidence

    written = write_evidence(Settings.load(), folder)
    out.print(
        f"wrote {counted(len(written), 'table')}, {counted(sum(written.values()), 'row')}, in {folder}",
        soft_wrap=True,
    )
