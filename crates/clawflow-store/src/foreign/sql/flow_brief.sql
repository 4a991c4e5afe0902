-- What a task must know of its flow.
select created_at, status, coalesce(ended_at, updated_at) from flow_runs where flow_id = ?1
