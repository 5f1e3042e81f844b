{#- People are known by salted hashes from staging on: an e-mail, phone or name never
    leaves the lake. -#}
{% macro hash_email(email) -%}
    {{ sha256(
        salt() ~ " || lower(trim(nullif(trim(" ~ email ~ "), '')))"
    ) }}
{%- endmacro %}

{#- A phone number by its digits; the last nine, so that +44, 0044 and 0 agree. -#}
{% macro hash_phone(phone) -%}
    case
        when length({{ digits(phone) }}) >= 7
            then {{ sha256(salt() ~ " || right(" ~ digits(phone) ~ ", 9)") }}
    end
{%- endmacro %}

{#- A name, as of an agent: salted, so that a person can be counted and not read. -#}
{% macro hash_name(name) -%}
    {{ sha256(
        salt() ~ " || lower(trim(nullif(trim(" ~ name ~ "), '')))"
    ) }}
{%- endmacro %}

{#- The salt as a text of SQL. The demo has one that everybody knows; prod has none but
    its own, and so has Spark on machines that others reach. -#}
{% macro salt() -%}
    {%- set own = env_var('WAREHOUSE_SALT', '') -%}
    {%- set is_cluster = target.type == 'spark'
        and not env_var('WAREHOUSE_SPARK_MASTER', 'local').startswith('local') -%}
    {%- if execute and not own and (target.name == 'prod' or is_cluster) -%}
        {{ exceptions.raise_compiler_error(
            "WAREHOUSE_SALT is not set: " ~ target.name ~ " hashes no person without a "
            ~ "salt of its own. Set it to a long random text, always the same."
        ) }}
    {%- endif -%}
    '{{ (own or 'demo-salt') | replace("'", "''") }}'
{%- endmacro %}

{#- The digits of a text. -#}
{% macro digits(text) -%}
    {{ remove_all(text, "'[^0-9]'") }}
{%- endmacro %}
