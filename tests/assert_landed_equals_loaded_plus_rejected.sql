-- Nothing is lost: every landed row is in the lake or in the rejects, and the rejects
-- that the ledger counts are really there.
with rejected as (
    select
        source_system,
        file,
        count(*) as rejects,
        sum(case when kind = 'summary' then 1 else 0 end) as summary_rejects
    from {{ ref('stg_loader__rejects') }}
    group by 1, 2
)

select
    files.source_system,
    files.file,
    files.rows_landed,
    files.rows_loaded,
    files.rows_rejected,
    rejected.rejects
from {{ ref('stg_loader__files') }} as files
left join rejected
    on
        files.source_system = rejected.source_system
        and files.file = rejected.file
where
    files.status = 'loaded'
    and (
        files.rows_landed <> files.rows_loaded + files.rows_rejected
        or files.rows_rejected <> coalesce(rejected.rejects, 0)
        or files.rows_summary <> coalesce(rejected.summary_rejects, 0)
    )
