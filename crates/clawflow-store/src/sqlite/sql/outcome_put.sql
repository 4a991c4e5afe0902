insert into outcome (owner_key, key, content_hash, created_at, answer)
values (?1, ?2, ?3, ?4, ?5)
on conflict (owner_key, key) do update
set content_hash = excluded.content_hash, created_at = excluded.created_at,
    answer = excluded.answer
