select flow_id from flow indexed by flow_cancelling
where cancel_requested_at is not null and ended_at is null and flow_id = ?1
