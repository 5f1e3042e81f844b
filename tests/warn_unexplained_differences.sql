-- What the platform's own report shows and no rule explains: an export that ends early,
-- purchases that an ad platform claims for views or by a model, a time zone or a window
-- that seeds/platform_accounts.csv lacks. docs/why-not-theirs.md says how to find
-- which.
{{ config(severity='warn') }}
select
    platform,
    figure,
    shop_id,
    period_start,
    amount as unexplained,
    running_total as theirs
from {{ ref('reconciliation') }}
where grain = 'month' and step = 'unexplained' and abs(amount) > 0.00005
