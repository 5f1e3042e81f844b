-- Counted by refund date or by order date, returns are the same over all time.
with bases as (
    select
        'refund_date' as basis,
        returns,
        returned_shipping,
        returned_tax,
        costed_returns,
        restocked_cogs
    from {{ ref('fct_returns') }}
    where is_placed
    union all
    select
        'order_date' as basis,
        -returns as returns,
        -returned_shipping as returned_shipping,
        -returned_tax as returned_tax,
        -costed_returns as costed_returns,
        -restocked_cogs as restocked_cogs
    from {{ ref('fct_orders') }}
    where is_placed
)

select
    sum(returns) as returns,
    sum(returned_shipping) as returned_shipping,
    sum(returned_tax) as returned_tax,
    sum(costed_returns) as costed_returns,
    sum(restocked_cogs) as restocked_cogs
from bases
having
    sum(returns) <> 0
    or sum(returned_shipping) <> 0
    or sum(returned_tax) <> 0
    or sum(costed_returns) <> 0
    or sum(restocked_cogs) <> 0
