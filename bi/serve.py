"""``make bi``: Superset on the loopback address, with the project's dashboards."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from bi.home import ADMIN, LOOPBACK, PROJECT, VIEWER, bi_home, current_database, warehouse_home


def main() -> None:
    """Import the dashboards and serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8088)
    port = parser.parse_args().port
    try:
        current_database()
    except FileNotFoundError:
        sys.exit(f"Nothing is published in {warehouse_home()}. Run acrm run, or make demo, first.")
    os.umask(0o077)
    os.environ.update(environment())
    log = bi_home() / "superset.log"
    say(f"Importing the dashboards into {bi_home()} …")
    with log.open("wb") as file:
        done = subprocess.run(
            [sys.executable, "-m", "bi.prepare"], cwd=PROJECT, stdout=file, stderr=file, check=False
        )
    if done.returncode:
        sys.exit(f"The dashboards could not be imported. See {log}.")
    say(f"http://{LOOPBACK}:{port}  users {VIEWER} and {ADMIN}  (Ctrl-C ends it)")
    say(f"Their passwords: {bi_home()}/{VIEWER}.password, {ADMIN}.password")
    gunicorn = str(Path(sys.executable).with_name("gunicorn"))
    server = ["--bind", f"{LOOPBACK}:{port}", "--workers", "1", "--threads", "4", "--timeout", "120"]
    with log.open("ab") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    os.chdir(PROJECT)
    os.execv(gunicorn, [gunicorn, *server, "--log-level", "warning", "superset.app:create_app()"])


def environment() -> dict[str, str]:
    """What Superset's processes find their configuration by."""
    return {
        "SUPERSET_CONFIG_PATH": str(PROJECT / "bi" / "superset_config.py"),
        "FLASK_APP": "superset.app:create_app()",
        "PYTHONPATH": str(PROJECT),
        "SCARF_ANALYTICS": "false",
    }


def say(text: str) -> None:
    """A line for whoever started it."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
