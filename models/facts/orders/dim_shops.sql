select
    shop_id,
    shop_name,
    time_zone,
    currency,
    prices_include_tax,
    country
from {{ ref('int_shops') }}
