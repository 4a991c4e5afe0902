insert into schedule (schedule_id, name, version, enabled, next_at, definition_hash, record,
    owner_key, created_at, files_hash, mirrors)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
