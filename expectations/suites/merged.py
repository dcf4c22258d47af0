"""Who was merged with whom when a month ended, for the gates of months that are closed tonight.

``int_customer__survivor`` tells of tonight alone. A month that a night closes was merged as its own last day
said: by the same rules, from the versions and restatements that held then.
"""

from orchestration.sql import Sql, fill, name


def merged_at_month_ends(table: Sql, months: Sql) -> Sql:
    """Query of month_start_date, customer_id and survivor_id: of those ``months`` that ``table`` has.

    A word that nobody could follow (unknown, of another type, round in a circle) merged nobody.
    """
    return fill(
        """
        (with recursive ends as (
            select distinct month_start_date, last_day(month_start_date) as end_date
            from {table} where {months}
        ),
        -- of each customer whom the bank ever called somebody else: its last word up to then
        words as (
            select ends.month_start_date, versions.customer_id,
                arg_max(versions.golden_id is not null, versions.known_from_date) as is_merged,
                arg_max(versions.golden_id, versions.known_from_date) as golden_id,
                arg_max(versions.customer_type_code, versions.known_from_date) as customer_type_code
            from {versions} as versions
            inner join ends on versions.known_from_date <= ends.end_date
            where versions.customer_id in (
                select customer_id from {versions} where golden_id is not null
                union all select customer_id from {restated}
            )
            group by ends.month_start_date, versions.customer_id
        ),
        followed as (
            select words.month_start_date, words.customer_id,
                case when restated.customer_id is not null then restated.golden_id
                    when words.is_merged then words.golden_id end as golden_id,
                words.customer_type_code
            from words
            inner join ends on words.month_start_date = ends.month_start_date
            left join {restated} as restated
                on words.customer_id = restated.customer_id
                and restated.from_date <= ends.end_date and restated.to_date > ends.end_date
        ),
        merged as (
            select followed.month_start_date, followed.customer_id, followed.golden_id
            from followed
            inner join ends on followed.month_start_date = ends.month_start_date
            inner join {versions} as goldens
                on followed.golden_id = goldens.customer_id
                and goldens.known_from_date <= ends.end_date
                and (goldens.known_to_date is null or goldens.known_to_date > ends.end_date)
                and followed.customer_type_code = goldens.customer_type_code
            where followed.golden_id <> followed.customer_id
        ),
        -- each step once, so that a circle ends
        steps as (
            select month_start_date, customer_id, golden_id as survivor_id from merged
            union
            select steps.month_start_date, steps.customer_id, merged.golden_id
            from steps
            inner join merged
                on steps.month_start_date = merged.month_start_date and steps.survivor_id = merged.customer_id
        )
        select steps.month_start_date, steps.customer_id, steps.survivor_id
        from steps
        left join merged
            on steps.month_start_date = merged.month_start_date and steps.survivor_id = merged.customer_id
        where merged.customer_id is null)
        """,
        table=table,
        months=months,
        versions=name("intermediate", "int_customer__versions"),
        restated=name("pipeline", "restated_merge"),
    )
