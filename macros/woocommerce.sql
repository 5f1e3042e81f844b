{#- A text without the sign that keeps spreadsheets from reading it as a formula: exports
    put a TAB or an apostrophe before = + - @. -#}
{% macro unguarded(text) -%}
    case
        when
            substr({{ text }}, 1, 1) in (chr(9), '''')
            and substr({{ text }}, 2, 1) in ('=', '+', '-', '@')
            then substr({{ text }}, 2)
        else {{ text }}
    end
{%- endmacro %}

{#- A status as WooCommerce stores it, without wc-, whether it is written as a key or as
    the label that the admin shows in English, German, Spanish or French. -#}
{% macro woocommerce_status(status) -%}
    case
        when regexp_extract(lower(trim({{ status }})), '^wc-(.+)$', 1) <> ''
            then regexp_extract(lower(trim({{ status }})), '^wc-(.+)$', 1)
        when lower(trim({{ status }})) in (
            'completed', 'abgeschlossen', 'fertiggestellt', 'completado', 'terminée',
            'terminé'
        ) then 'completed'
        when lower(trim({{ status }})) in (
            'processing', 'in bearbeitung', 'procesando', 'en cours'
        ) then 'processing'
        when lower(trim({{ status }})) in (
            'on-hold', 'on hold', 'in wartestellung', 'wartend', 'en espera',
            'en attente'
        ) then 'on-hold'
        when lower(trim({{ status }})) in (
            'pending', 'pending payment', 'zahlung ausstehend', 'ausstehend',
            'pendiente de pago', 'attente paiement', 'en attente de paiement'
        ) then 'pending'
        when lower(trim({{ status }})) in (
            'failed', 'fehlgeschlagen', 'fallido', 'échouée', 'échoué'
        ) then 'failed'
        when lower(trim({{ status }})) in (
            'cancelled', 'canceled', 'storniert', 'cancelado', 'annulée', 'annulé'
        ) then 'cancelled'
        when lower(trim({{ status }})) in (
            'refunded', 'rückerstattet', 'erstattet', 'reembolsado', 'remboursée',
            'remboursé'
        ) then 'refunded'
        when lower(trim({{ status }})) in (
            'checkout-draft', 'draft', 'entwurf', 'borrador', 'brouillon'
        ) then 'checkout-draft'
        else lower(trim({{ status }}))
    end
{%- endmacro %}

{#- The state of the money behind a status. A parcel to be paid at the door is
    `processing` before anybody has paid. -#}
{% macro woocommerce_financial_status(status, payment_method, is_paid) -%}
    case
        when {{ status }} in ('failed', 'cancelled') and not {{ is_paid }} then 'voided'
        when {{ status }} = 'refunded' then 'refunded'
        when {{ status }} in ('on-hold', 'pending', 'checkout-draft') then 'pending'
        when
            {{ status }} = 'processing'
            and coalesce(lower({{ payment_method }}), '') = 'cod'
            and not {{ is_paid }}
            then 'pending'
        else 'paid'
    end
{%- endmacro %}
