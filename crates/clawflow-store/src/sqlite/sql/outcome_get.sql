select content_hash, created_at, answer from outcome where owner_key = ?1 and key = ?2
