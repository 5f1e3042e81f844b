-- E-mails of which nobody says whether they arrived: still on their way, or an export
-- that leaves out bounces. They count as sent and not as delivered.
-- Wait for the next export, or add bounces to it.
{{ config(severity='warn') }}
select
    source_system,
    shop_id,
    campaign_name,
    sent,
    delivered,
    bounced
from {{ ref('fct_email_campaigns') }}
where channel = 'email' and delivered + bounced < sent
