"""What the expected rows of several dashboards share: how they are read, names, the running month."""

from dataclasses import dataclass

NEWEST = "month_start_date = (select date_trunc('month', business_date) from quality.data_as_of)"
"""The running month, which the month filter of a dashboard shows first."""


@dataclass(frozen=True)
class Expected:
    """The rows of a chart.

    Attributes:
        sql: Gives them.
        columns: The chart's columns, in the order of the query's. Empty for a chart of series, whose rows are
            read as (x, series, value) without what is 0.
        limit: Rows that the chart shows at most.
    """

    sql: str
    columns: tuple[str, ...] = ()
    limit: int = 10_000


def _named(table: str, key: str, name: str, of: str, condition: str = "true") -> str:
    return f"(select map_from_entries(list(({key}, {name}))) from {table} where {condition})[{of}]"


def org(key: str) -> str:
    """SQL of the name of an org; those of the generated bank are each its own."""
    return _named("reference.dim_org", "org_id", "org_name", key)


def staff(key: str) -> str:
    """SQL of the name of an employee."""
    return _named("reference.dim_employee", "employee_id", "employee_name", key)


def product(key: str) -> str:
    """SQL of the name of a product, of its code where it has none."""
    return f"coalesce({_named('reference.dim_product', 'product_code', 'product_name', key)}, {key})"


def code(kind: str, key: str) -> str:
    """SQL of the name of a code, in Chinese and English; of the code where it is one of the bank's own."""
    names = "code_name_zh || ' ' || code_name"
    named = _named("reference.dim_code", "code", names, key, f"code_kind = '{kind}'")
    return f"coalesce({named}, {key})"


def tier(key: str) -> str:
    """SQL of a tier's rank and name, of the name alone where it is none of the rulebook's."""
    names = """(select tier_code, max(tier_rank) || ' ' || max(tier_name_zh) as tier_name
        from rules.tier_rules group by tier_code)"""
    return f"coalesce({_named(names, 'tier_code', 'tier_name', key)}, {code('tier_code', key)})"


def month(key: str) -> str:
    """SQL of a month's name: the running month is provisional until its last day."""
    is_over = f"last_day({key}) <= (select business_date from quality.data_as_of)"
    return f"strftime({key}, '%Y-%m') || if({is_over}, '', ' 暂定 provisional')"


_OF_RULEBOOK = "code_kind = 'rulebook_code'"
_RULEBOOK = _named("reference.dim_code", "code", "code_name_zh", "rulebook_code", _OF_RULEBOOK)
AS_OF = Expected(
    f"""select strftime(business_date, '%Y-%m-%d'), {month("business_date")}, release,
        {_RULEBOOK},
        reporting_currency
    from quality.data_as_of""",
    ("business_date", "running_month", "release", "rulebook_name", "reporting_currency"),
)
