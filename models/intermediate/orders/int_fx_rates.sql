with dated as (
    select
        upper(currency) as currency,
        cast(valid_from as date) as valid_from,
        cast(rate as double) as rate,
        lead(cast(valid_from as date)) over (
            partition by upper(currency)
            order by cast(valid_from as date) nulls last
        ) as next_valid_from
    from {{ ref('fx_rates') }}
    where upper(currency) <> '{{ var("reporting_currency") }}'
)

select
    '{{ var("reporting_currency") }}' as currency,
    date '1900-01-01' as valid_from,
    date '9999-12-31' as valid_to,
    cast(1 as double) as rate
union all
select
    currency,
    valid_from,
    -- A rate that nobody renewed runs out: money of later days is unknown, not wrong.
    cast(least(
        valid_from + interval '{{ var("fx_max_age_days") }}' day,
        coalesce(
            next_valid_from - interval '1' day,
            valid_from + interval '{{ var("fx_max_age_days") }}' day
        )
    ) as date) as valid_to,
    rate
from dated
