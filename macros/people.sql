{#- People are known by salted hashes from staging on: an e-mail, phone or name never
    leaves the lake. -#}
{% macro hash_email(email) -%}
    {{ sha256(
        "'" ~ env_var('WAREHOUSE_SALT', 'demo-salt') ~ "' || lower(trim(nullif(trim("
        ~ email ~ "), '')))"
    ) }}
{%- endmacro %}

{#- A phone number by its digits; the last nine, so that +44, 0044 and 0 agree. -#}
{% macro hash_phone(phone) -%}
    case
        when length({{ digits(phone) }}) >= 7
            then {{ sha256(
                "'" ~ env_var('WAREHOUSE_SALT', 'demo-salt') ~ "' || right("
                ~ digits(phone) ~ ", 9)"
            ) }}
    end
{%- endmacro %}

{#- A name, as of an agent: salted, so that a person can be counted and not read. -#}
{% macro hash_name(name) -%}
    {{ sha256(
        "'" ~ env_var('WAREHOUSE_SALT', 'demo-salt') ~ "' || lower(trim(nullif(trim("
        ~ name ~ "), '')))"
    ) }}
{%- endmacro %}

{#- The digits of a text. -#}
{% macro digits(text) -%}
    {{ remove_all(text, "'[^0-9]'") }}
{%- endmacro %}
