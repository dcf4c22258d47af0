"""Bring Superset's own database up to date and put the project's dashboards into it.

Runs at every start: the files win over what was changed in the pages.
"""

from typing import Any

from flask import Flask, g
from flask_migrate import upgrade
from superset.app import create_app

from bi.home import ADMIN, ASSETS, VIEWER, admin_password, viewer_password

VIEWER_ROLE = "ACRM viewer"
_LOOKS = {
    ("can_welcome", "Superset"),
    ("can_language_pack", "Superset"),
    ("can_read", "SecurityRestApi"),
    ("can_drill", "Dashboard"),
    ("can_view_chart_as_table", "Dashboard"),
    ("can_read", "Dataset"),
    ("can_samples", "Datasource"),
    ("menu_access", "Dashboards"),
}
"""What a viewer may besides what Superset lets its public see: sign in, drill, list the dashboards."""


def prepare() -> None:
    """Migrate, provide roles and accounts, import every file of ``bi/assets``."""
    app = create_app()
    with app.app_context():
        upgrade()
        _provide_roles()
        _provide_account(ADMIN, "Admin", admin_password())
    with app.test_request_context():
        _import_assets(app)
    with app.app_context():
        _provide_viewer()


def _provide_roles() -> None:
    from superset import appbuilder, db, security_manager

    appbuilder.add_permissions(update_perms=True)
    security_manager.sync_role_definitions()
    db.session.commit()


def _provide_account(name: str, role: str, password: str) -> None:
    """An account with one role and the password of its file, whatever the pages made of it."""
    from superset import db, security_manager

    user = security_manager.find_user(name)
    roles: list[Any] = [security_manager.find_role(role)]
    if user is None:
        user = security_manager.add_user(name, "ACRM", name, f"{name}@localhost", roles, password=password)
    else:
        user.roles = roles
        security_manager.reset_password(user.id, password)
    db.session.commit()


def _provide_viewer() -> None:
    """The role that sees every dashboard and changes none, and its account."""
    from superset import db, security_manager
    from superset.models.core import Database

    looks = security_manager.PUBLIC_ROLE_PERMISSIONS | _LOOKS
    looks |= {("database_access", database.perm) for database in db.session.query(Database)}
    role = security_manager.add_role(VIEWER_ROLE)
    role.permissions = [security_manager.add_permission_view_menu(*look) for look in sorted(looks)]
    db.session.commit()
    _provide_account(VIEWER, VIEWER_ROLE, viewer_password())


def _import_assets(app: Flask) -> None:
    from superset import security_manager
    from superset.commands.importers.v1.assets import ImportAssetsCommand

    g.user = security_manager.find_user(ADMIN)
    files = sorted(ASSETS.rglob("*.yaml"))
    ImportAssetsCommand(
        {path.relative_to(ASSETS).as_posix(): path.read_text(encoding="utf-8") for path in files}
    ).run()
    app.logger.info("%s files of dashboards imported", len(files))


if __name__ == "__main__":
    prepare()
