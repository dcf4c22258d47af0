"""Publication: marts of the build database become immutable releases that people read.

Put here: what a release is, how one is written, switched to, listed and deleted. Keep out: Dagster, dbt
and the decision whether a night may be published (``expectations/``).
"""

from orchestration.publication.publish import Publication, publish
from orchestration.publication.rollback import rollback
from orchestration.releases.marts import Mart, MartColumn, marts_from_manifest
from orchestration.releases.on_disk import ReleaseInfo, current_release, releases

__all__ = [
    "Mart",
    "MartColumn",
    "Publication",
    "ReleaseInfo",
    "current_release",
    "marts_from_manifest",
    "publish",
    "releases",
    "rollback",
]
