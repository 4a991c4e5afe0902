insert into token (token_id, label, version, record, hash, owner_key, created_at)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7)
