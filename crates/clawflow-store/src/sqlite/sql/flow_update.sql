-- Status, cancel, end and line stay as they are: no index is touched.
update flow set revision = ?3, record = ?6
where flow_id = ?1 and status = ?2 and cancel_requested_at is ?4 and ended_at is ?5
    and in_line_since is ?7
