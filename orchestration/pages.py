"""The process that serves Dagster's pages behind their guard: ``python -m orchestration.pages``.

Put here: how Dagster's own application is hosted. Guard and pages are one process, so that nothing unguarded
listens anywhere.
"""

import sys
from pathlib import Path

import dagster as dg
import uvicorn
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster_webserver.app import create_app_from_workspace_process_context

from orchestration.guard import guarded
from orchestration.releases.keys import PAGES_TOKEN, read_key
from orchestration.serving import LOOPBACK
from orchestration.settings import Settings

_POLL_MILLISECONDS = 2000
_STATEMENT_MILLISECONDS = 15_000
_RECYCLE_SECONDS = 3600
_MAX_OVERFLOW = 20
_CLOSE_SECONDS = 5


def main(workspace: Path, port: int) -> None:
    """Serve until SIGTERM.

    Args:
        workspace: Dagster's workspace file: where its definitions are served.

    Raises:
        ConfigurationError: There is no token, or others can read it.
    """
    token = read_key(Settings.load(), PAGES_TOKEN)
    with dg.DagsterInstance.get() as instance:
        # Dagster's defaults for its own command
        instance.optimize_for_webserver(_STATEMENT_MILLISECONDS, _RECYCLE_SECONDS, _MAX_OVERFLOW)
        with WorkspaceProcessContext(instance, WorkspaceFileTarget([str(workspace)])) as context:
            pages = create_app_from_workspace_process_context(context, live_data_poll_rate=_POLL_MILLISECONDS)
            uvicorn.run(
                guarded(pages, token, port),
                host=LOOPBACK,
                port=port,
                log_level="warning",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=_CLOSE_SECONDS,
            )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
