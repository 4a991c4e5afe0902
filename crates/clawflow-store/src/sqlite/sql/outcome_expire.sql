delete from outcome where (owner_key, key) in (
    select owner_key, key from outcome indexed by outcome_by_age where created_at < ?1 limit ?2
)
