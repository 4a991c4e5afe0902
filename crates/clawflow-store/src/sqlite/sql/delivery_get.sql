select record, place from delivery where delivery_id = ?1
