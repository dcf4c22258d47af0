"""Everything that is generated and kept in the project: `make written` writes it anew, tests compare.

Put here: a line for each kind of file that is written from something else. Keep out: how each is written.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from contract.model import load_contract
from contract.render import write_files
from tests.golden import fixtures

if TYPE_CHECKING:
    import dagster as dg

MEND = "out of date: run `make written`, look at the difference, commit it"
ASSET_GRAPH = Path(__file__).parents[1] / "unit" / "snapshots" / "asset_graph.txt"


def asset_graph(defs: "dg.Definitions") -> str:
    """Dagster's assets besides models, seeds and extract tables: each with what it comes from and its checks.

    The others are as many as the manifest and the contract say, and come from what those say.
    """
    return "\n".join(_lines(defs)) + "\n"


def _lines(defs: "dg.Definitions") -> Iterator[str]:
    graph = defs.resolve_asset_graph()
    derived = {("lake", table) for table in load_contract().table_names}
    derived |= {tuple(key.path) for key in graph.get_all_asset_keys() if "dbt" in graph.get(key).kinds}
    for key in sorted(graph.get_all_asset_keys()):
        if tuple(key.path) in derived:
            continue
        node = graph.get(key)
        yield f"{key.to_user_string()} [{node.group_name}]"
        parents = sorted(node.parent_keys)
        yield from (
            f"    from {parent.to_user_string()}" for parent in parents if tuple(parent.path) not in derived
        )
        yield from (
            f"    check {check.name}" for check in sorted(node.check_keys, key=lambda check: check.name)
        )


def main() -> None:
    """Write everything: first what is written from the contract, since dbt parses it."""
    write_files()
    fixtures.main()
    # after the files above, which they read
    from orchestration.assets.models import manifest_of_project
    from orchestration.definitions import build_defs
    from orchestration.metrics.semantic import SEMANTIC_FOLDER, semantic_files
    from orchestration.publication.dictionary import DICTIONARY_FILE, metric_dictionary
    from orchestration.publication.reference import reference_pages, write_pages
    from orchestration.publication.schema import published_schema, write_schema
    from orchestration.releases.marts import marts_from_manifest
    from orchestration.settings import Settings

    with TemporaryDirectory() as folder:
        settings = Settings.load(Path(folder))
        manifest = manifest_of_project(settings)
        write_schema(published_schema(marts_from_manifest(manifest)))
        DICTIONARY_FILE.write_text(metric_dictionary(manifest), encoding="utf-8")
        write_pages(semantic_files(manifest), SEMANTIC_FOLDER)
        write_pages(reference_pages(manifest))
        ASSET_GRAPH.write_text(asset_graph(build_defs(settings)), encoding="utf-8")


if __name__ == "__main__":
    main()
