select record from delivery where delivery_id = ?1
