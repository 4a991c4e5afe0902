select requester_origin_json from task_delivery_state where task_id = ?1
