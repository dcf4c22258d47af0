import pytest

from orchestration.errors import PublicationError
from orchestration.publication import Mart, MartColumn, marts_from_manifest


def model(name, *, path=None, meta=None, config_meta=None, columns=None, resource_type="model", **other):
    return {
        "resource_type": resource_type,
        "original_file_path": path or f"models/marts/customer_value/{name}.sql",
        "schema": "customer_value",
        "name": name,
        "alias": name,
        "description": "One row per customer.\n",
        "meta": meta or {},
        "config": {"meta": config_meta or {}},
        "columns": columns or {"customer_id": {"name": "customer_id", "data_type": "varchar"}},
        **other,
    }


def manifest(*nodes):
    return {"nodes": {f"{node['resource_type']}.acrm.{node['name']}": node for node in nodes}}


def test_a_model_under_marts_is_published_as_its_yaml_describes_it():
    node = model(
        "fct_aum",
        config_meta={
            "grain": ["customer_id", "month_start_date"],
            "partition": "month_start_date",
            "zh": "资产",
        },
        columns={
            "customer_id": {
                "name": "customer_id",
                "data_type": "varchar",
                "description": "Customer.",
                "config": {"meta": {"zh": "客户号"}},
            },
            "month_start_date": {"name": "month_start_date", "data_type": "date", "meta": {"zh": "月份"}},
        },
    )

    assert marts_from_manifest(manifest(node)) == [
        Mart(
            schema_name="customer_value",
            name="fct_aum",
            grain=("customer_id", "month_start_date"),
            partition="month_start_date",
            description="One row per customer.",
            zh="资产",
            columns=(
                MartColumn(name="customer_id", data_type="varchar", description="Customer.", zh="客户号"),
                MartColumn(name="month_start_date", data_type="date", zh="月份"),
            ),
        )
    ]


def test_meta_may_stand_where_dbt_had_it_before():
    (mart,) = marts_from_manifest(manifest(model("fct_aum", meta={"grain": ["customer_id"], "zh": "资产"})))

    assert (mart.grain, mart.zh, mart.partition) == (("customer_id",), "资产", None)


def test_only_models_under_marts_that_are_not_kept_private_are_published():
    meta = {"grain": ["customer_id"]}
    marts = marts_from_manifest(
        manifest(
            model("rpt_b", meta=meta),
            model("dim_a", meta=meta, alias="dim_z"),
            model("stg_customer", path="models/staging/core/stg_customer.sql"),
            model("fct_private", meta={**meta, "published": False}),
            model("not_null_a", path="models/marts/customer_value/a.yml", resource_type="test"),
        )
    )

    assert [mart.full_name for mart in marts] == ["customer_value.dim_z", "customer_value.rpt_b"]


@pytest.mark.parametrize(
    ("node", "reason"),
    [
        pytest.param(model("fct_aum"), "grain", id="no grain"),
        pytest.param(model("fct_aum", meta={"grain": ["org_id"]}), "org_id", id="a key that is no column"),
        pytest.param(
            model("fct_aum", meta={"grain": ["customer_id"], "partition": "year"}),
            "partition",
            id="not monthly",
        ),
        pytest.param(
            model("fct_aum", meta={"grain": ["customer_id"], "partition": "month_start_date"}),
            "month_start_date",
            id="monthly without a month",
        ),
        pytest.param(
            model('x"; drop table y', path="models/marts/a/x.sql", meta={"grain": ["customer_id"]}),
            "name",
            id="a name that would have to be escaped",
        ),
        pytest.param(
            model("x", meta={"grain": ["a"]}, columns={"a": {"name": "a", "data_type": "int); drop"}}),
            "data_type",
            id="a type that is none",
        ),
        pytest.param(
            model("x", meta={"grain": ["a"]}, columns={"a": {"name": "a\n"}}), "name", id="a line end"
        ),
    ],
)
def test_a_model_that_cannot_be_published_is_named_with_the_reason(node, reason):
    with pytest.raises(PublicationError) as error:
        marts_from_manifest(manifest(node))

    assert node["original_file_path"] in str(error.value)
    assert reason in str(error.value)
