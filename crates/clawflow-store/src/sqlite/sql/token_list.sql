select record from token order by token_id desc
