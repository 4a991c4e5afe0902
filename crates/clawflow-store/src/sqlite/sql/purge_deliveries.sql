-- What lies in an inbox stays.
delete from delivery where flow_id = ?1 and flow_id is not null and state <> 'session_queued'
