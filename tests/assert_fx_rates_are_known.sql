-- Orders and payments whose currency has no rate that is young enough: their amounts
-- are NULL and missing from every sum. Add rates to seeds/fx_rates.csv.
{{ config(severity='warn') }}

select
    'order' as record,
    currency,
    date_trunc('month', order_date) as month_start,
    count(*) as records_without_rate
from {{ ref('fct_orders') }}
where fx_rate is null
group by currency, date_trunc('month', order_date)
union all
select
    'payment' as record,
    int_payments.currency,
    date_trunc('month', fct_payments.payment_date) as month_start,
    count(*) as records_without_rate
from {{ ref('fct_payments') }} as fct_payments
inner join {{ ref('int_payments') }} as int_payments
    on fct_payments.payment_id = int_payments.payment_id
where fct_payments.amount is null and int_payments.amount is not null
group by int_payments.currency, date_trunc('month', fct_payments.payment_date)
