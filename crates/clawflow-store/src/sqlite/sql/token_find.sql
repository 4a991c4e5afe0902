select record from token indexed by token_by_label where label = ?1 order by token_id desc
