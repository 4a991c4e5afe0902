select ended_at is not null from flow where flow_id = ?1
