{#- The part of an amount that falls on one day of a range (day_number from 0): even,
    the last day takes the rounding remainder, so the days add up to the amount. -#}
{% macro spread_amount(amount, day_number, days) -%}
    case
        when {{ day_number }} < {{ days }} - 1
            then cast(
                round(
                    cast({{ amount }} as double) / nullif({{ days }}, 0) * 10000
                ) / 10000
                as decimal(18, 4)
            )
        else
            cast(
                {{ amount }} - ({{ days }} - 1)
                * cast(
                    round(
                        cast({{ amount }} as double) / nullif({{ days }}, 0) * 10000
                    ) / 10000
                    as decimal(18, 4)
                )
                as decimal(18, 4)
            )
    end
{%- endmacro %}

{#- The same for a whole number: what has come by the day's end less what had come by
    its start, so that days are whole and add up. -#}
{% macro spread_count(count, day_number, days) -%}
    cast(
        floor(cast({{ count }} as double) * ({{ day_number }} + 1) / nullif({{ days }}, 0))
        - floor(cast({{ count }} as double) * {{ day_number }} / nullif({{ days }}, 0)) as bigint
    )
{%- endmacro %}

{#- The part of a whole number that falls on one day of several, as the day's part of
    another count: so_far is that count up to the day, of_day on it, of_all on all. -#}
{% macro share_of_count(count, so_far, of_day, of_all) -%}
    cast(
        floor(cast({{ count }} as double) * {{ so_far }} / nullif({{ of_all }}, 0))
        - floor(
            cast({{ count }} as double) * ({{ so_far }} - {{ of_day }})
            / nullif({{ of_all }}, 0)
        ) as bigint
    )
{%- endmacro %}
