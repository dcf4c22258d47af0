"""Which releases stay, and what killed runs left behind."""

from collections.abc import Collection

from orchestration.publication.spare import set_aside
from orchestration.releases.files import remove
from orchestration.releases.on_disk import (
    BUILDING,
    DELETED,
    DELETING,
    SWITCHING,
    ReleaseInfo,
    releases,
)
from orchestration.settings import Settings, private_folder


def delete_old_releases(settings: Settings) -> list[str]:
    """Delete all but the newest ``keep_releases`` releases and the current one; name the deleted.

    Of those that stay only the newest ``keep_databases`` and the current one keep their DuckDB file; the
    newest file that is not kept becomes the spare one.
    """
    newest_first = releases(settings)[::-1]
    old = [release for release in newest_first[settings.bank.keep_releases :] if not release.is_current]
    kept = min(settings.bank.keep_databases, settings.bank.keep_releases)
    # each is set aside in turn, so that a kill in between leaves the same
    for release in newest_first[kept:][::-1]:
        if release.has_database and not release.is_current:
            set_aside(settings, release)
    for release in old:
        _delete(settings, release)
    return [release.name for release in old]


def delete_releases(settings: Settings, names: Collection[str]) -> None:
    """Delete the releases of these names."""
    for release in releases(settings):
        if release.name in names:
            _delete(settings, release)


def delete_leftovers(settings: Settings) -> None:
    """Delete what runs that were killed left behind; only the writer may call this."""
    for path in settings.published.iterdir():
        if path.name.startswith((BUILDING, DELETING)):
            remove(path)
        elif path.name == SWITCHING:
            path.unlink()


def _delete(settings: Settings, release: ReleaseInfo) -> None:
    (private_folder(settings.published / DELETED) / release.name).touch()
    # under its new name it is no release any more, so a kill leaves no half one in the list
    doomed = settings.published / f"{DELETING}{release.name}"
    release.folder.rename(doomed)
    remove(doomed)
