select count(*) from flow indexed by flow_cancelling
where cancel_requested_at is not null and ended_at is null and (?1 is null or owner_key = ?1)
