select created_at from outcome where owner_key = ?1 and key = ?2
