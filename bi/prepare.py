"""Bring Superset's own database up to date and put the project's dashboards into it.

Runs at every start: the files win over what was changed in the pages.
"""

from flask import Flask, g
from flask_migrate import upgrade
from superset.app import create_app

from bi.home import ADMIN, ASSETS, admin_password


def prepare() -> None:
    """Migrate, provide roles and the administrator, import every file of ``bi/assets``."""
    app = create_app()
    with app.app_context():
        upgrade()
        _provide_roles_and_admin()
    with app.test_request_context():
        _import_assets(app)


def _provide_roles_and_admin() -> None:
    from superset import appbuilder, db, security_manager

    appbuilder.add_permissions(update_perms=True)
    security_manager.sync_role_definitions()
    admin = security_manager.find_user(ADMIN)
    if admin is None:
        role = security_manager.find_role("Admin")
        security_manager.add_user(ADMIN, "ACRM", "admin", "admin@localhost", role, password=admin_password())
    else:
        security_manager.reset_password(admin.id, admin_password())
    db.session.commit()


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
