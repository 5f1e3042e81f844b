{#- The column of seeds/order_policy.csv that the variable order_policy names. -#}
{% macro policy_choice() -%}
    {%- set presets = ['default', 'strict', 'shopify', 'woocommerce', 'everything'] -%}
    {%- if execute and var('order_policy') not in presets -%}
        {{ exceptions.raise_compiler_error(
            "order_policy is '" ~ var('order_policy') ~ "'; it must be one of "
            ~ presets | join(', ')
        ) }}
    {%- endif -%}
    order_policy.{{ var('order_policy') }}
{%- endmacro %}

{#- The column that open and click rates divide by, as the variable email_rate_base says. -#}
{% macro email_rate_base() -%}
    {%- if execute and var('email_rate_base') not in ['sent', 'delivered'] -%}
        {{ exceptions.raise_compiler_error(
            "email_rate_base is '" ~ var('email_rate_base')
            ~ "'; it must be sent or delivered"
        ) }}
    {%- endif -%}
    {{ var('email_rate_base') }}
{%- endmacro %}
