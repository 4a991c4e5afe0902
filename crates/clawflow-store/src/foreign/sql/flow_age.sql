-- What is to be compared of a row that two layouts have.
select max(coalesce(updated_at, 0), coalesce(ended_at, 0)) from flow_runs where flow_id = ?1
