delete from definition
where hash = ?1 and not exists (select 1 from spec where definition_hash = ?1)
    and not exists (select 1 from spec where files_hash = ?1 and files_hash is not null)
    and not exists (select 1 from schedule where definition_hash = ?1)
    and not exists (
        select 1 from schedule where files_hash = ?1 and files_hash is not null
    )
