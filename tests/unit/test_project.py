"""A model that promises too little, or what nobody keeps, is refused when the project is parsed."""

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from orchestration.errors import BuildError
from orchestration.project import check_project, is_mart, model_meta, models
from orchestration.settings import Settings
from orchestration.standing import CHANGING
from orchestration.transform import Transform
from orchestration.warehouse import known_tables
from tests.support.macros import PROJECT, Macros, Relation, dbt_var, model_context

MART = "model.acrm.fct_customer_aum_monthly"
VERSIONS = "model.acrm.int_account__versions"
# what dbt's variables of a night are called where SQL reads them
_READ = re.compile(r"""(?:ref|source\(\s*["']\w+["'],)\(?\s*["'](\w+)["']""")
_NIGHT = re.compile(r"""\bvar\(\s*["'](previous_)?business_date["']""")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home = tmp_path_factory.mktemp("home")
    return dict(Transform(Settings.load(Path(home))).manifest)


@pytest.fixture
def changed(project: dict[str, Any]) -> dict[str, Any]:
    """The project with two models that a test may change."""
    return {
        **project,
        "nodes": {**project["nodes"], **{key: deepcopy(project["nodes"][key]) for key in (MART, VERSIONS)}},
    }


def refused(project: dict[str, Any]) -> str:
    with pytest.raises(BuildError) as caught:
        check_project(project)
    return str(caught.value)


def test_the_project_keeps_its_promises(project: dict[str, Any]) -> None:
    check_project(project)


NIGHTS: dict[str, dict[str, str]] = {
    "first": {"business_date": "2026-01-30", "previous_business_date": ""},
    "later": {"business_date": "2026-02-02", "previous_business_date": "2026-01-30"},
    "ordinary": {
        "business_date": "2026-02-03",
        "previous_business_date": "2026-02-02",
        "same_project": "1",
    },
    "closing": {"business_date": "2026-01-31", "previous_business_date": "2026-01-30", "is_closing": "true"},
}


@pytest.mark.parametrize("night", NIGHTS)
def test_what_a_model_reads_in_any_night_is_known_when_it_is_parsed(
    project: dict[str, Any], night: str
) -> None:
    """Dbt builds no model that reads another which it did not see; in memory nobody would miss it."""
    read: set[str] = set()

    def ref(name: str) -> Relation:
        read.add(name)
        return Relation(f"models.{name}")

    macros = Macros(
        model_context(ref=ref, var=dbt_var(**NIGHTS[night]), is_incremental=lambda: night != "first")
    )
    unseen = {}
    for node in models(project):
        read.clear()
        text = (PROJECT / node["original_file_path"]).read_text(encoding="utf-8")
        macros.environment.from_string(text, globals=macros.globals).render()
        seen = {other.rpartition(".")[2] for other in node["depends_on"]["nodes"]}
        if left := read - seen:
            unseen[node["name"]] = sorted(left)
    assert unseen == {}


def test_a_mart_that_does_not_say_how_it_is_carried_is_refused_with_the_mend(changed: dict[str, Any]) -> None:
    del changed["nodes"][MART]["config"]["meta"]["carried"]

    message = refused(changed)

    assert "models/marts/customer_value/fct_customer_aum_monthly.sql" in message
    assert "Add 'carried' to its meta, one of versions, business_date, " in message


@pytest.mark.parametrize(
    ("meta", "said"),
    [
        ({"carried": "append"}, "'append' is no kind"),
        ({"grain": []}, "a mart says its grain"),
        ({"owner": ""}, "a mart says its owner"),
        ({"zh": ""}, "a mart says its zh"),
        ({"partition": None}, "a mart says its partition"),
        ({"partition": "calendar_date"}, "published by month_start_date, not by calendar_date"),
        ({"partition": "customer_id"}, "meta: partition: Input should be"),
        ({"grian": ["customer_id"]}, "meta: grian: Extra inputs are not permitted"),
        ({"grain": ["customer_number"]}, "there is no column customer_number"),
        ({"carried": "month_end"}, "there is no column month_end_date"),
        (
            {"carried": "versions", "begins": "any_night"},
            "only a table of open months may begin on any night",
        ),
    ],
)
def test_metadata_that_nothing_keeps_is_refused(
    changed: dict[str, Any], meta: dict[str, Any], said: str
) -> None:
    changed["nodes"][MART]["config"]["meta"].update(meta)

    assert said in refused(changed)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"incremental_strategy": "append"}, "only the strategy nightly is honoured"),
        ({"on_schema_change": "append_new_columns"}, "only on_schema_change: fail is honoured"),
        ({"unique_key": "account_id"}, "does not honour unique_key"),
        ({"full_refresh": True}, "does not honour full_refresh"),
        ({"materialized": "table"}, "only an incremental model is carried"),
    ],
)
def test_a_configuration_that_is_not_honoured_is_refused(
    changed: dict[str, Any], config: dict[str, Any], said: str
) -> None:
    changed["nodes"][VERSIONS]["config"].update(config)

    message = refused(changed)

    assert message.splitlines()[1].startswith("models/intermediate/account/int_account__versions.sql: ")
    assert said in message


def test_a_model_that_reads_its_own_past_cannot_begin_on_any_night(changed: dict[str, Any]) -> None:
    node = changed["nodes"][MART]
    node["config"]["meta"]["begins"] = "any_night"
    check_project(changed)

    node["raw_code"] += "union all select * from {{ this }}"

    assert "cannot begin on any night" in refused(changed)


def test_an_unknown_word_at_a_column_is_refused(changed: dict[str, Any]) -> None:
    changed["nodes"][MART]["columns"]["customer_id"]["config"]["meta"]["zn"] = "客户号"

    assert "meta of column customer_id: zn: Extra inputs are not permitted" in refused(changed)


def test_views_are_built_every_night_if_their_text_names_the_night(project: dict[str, Any]) -> None:
    """The tag is what selects; this is what proves it."""
    macros = {key: macro for key, macro in project["macros"].items() if macro["package_name"] == "acrm"}
    naming = {key for key, macro in macros.items() if _NIGHT.search(macro["macro_sql"])}
    while True:
        callers = {key for key, macro in macros.items() if naming & set(macro["depends_on"]["macros"])}
        if callers <= naming:
            break
        naming |= callers
    views = [node for node in models(project) if node["config"]["materialized"] == "view"]

    named = {
        node["name"]
        for node in views
        if _NIGHT.search(node["raw_code"]) or naming & set(node["depends_on"]["macros"])
    }

    assert named == {node["name"] for node in views if "night" in node["tags"]}
    assert "tag:night" in CHANGING


def test_no_test_reads_only_views_that_stand(project: dict[str, Any]) -> None:
    """Such a test would not run on a night that builds what changes."""
    built = {
        key
        for key, node in project["nodes"].items()
        if node["resource_type"] == "model"
        and (node["config"]["materialized"] != "view" or "night" in node["tags"])
    }

    assert not [
        node["name"]
        for node in project["nodes"].values()
        if node["resource_type"] == "test"
        and not built.intersection(node["depends_on"]["nodes"])
        and any(not parent.startswith("seed.") for parent in node["depends_on"]["nodes"])
    ]


def test_every_extract_table_of_changes_has_a_model_that_keeps_its_versions(project: dict[str, Any]) -> None:
    known = {table.table: table for table in known_tables(project)}

    assert {"customer", "account", "account_owner", "assignment", "loan", "card"} <= set(known)
    assert known["customer"].model == ("intermediate", "int_customer__versions")
    assert known["customer"].names["status"] == "status_code"


def test_marts_are_incremental_or_made_anew(project: dict[str, Any]) -> None:
    marts = [node for node in models(project) if is_mart(node)]

    assert len(marts) >= 50
    assert all(model_meta(node).owner for node in marts)


def test_a_hook_says_its_day_when_it_runs(project: dict[str, Any]) -> None:
    """Text that was put together when the project was parsed has the day of no night."""
    hooks = [hook["sql"] for model in models(project) for hook in model["config"]["post-hook"]]

    assert hooks
    assert [sql for sql in hooks if "cast(''" in sql or "cast(null" in sql] == []


def test_what_a_model_reads_on_some_nights_only_is_in_the_graph(project: dict[str, Any]) -> None:
    """The project is parsed as on a first night: what other nights read needs the hint `-- depends_on`."""
    unseen = {}
    for node in models(project):
        seen = {unique_id.split(".")[-1] for unique_id in node["depends_on"]["nodes"]}
        unseen[node["name"]] = set(_READ.findall(node["raw_code"])) - seen

    assert {name: missing for name, missing in unseen.items() if missing} == {}
