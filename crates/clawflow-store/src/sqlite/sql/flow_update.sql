-- Status, cancel and end stay as they are: no index is touched.
update flow set revision = ?3, record = ?6
where flow_id = ?1 and status = ?2 and cancel_requested_at is ?4 and ended_at is ?5
