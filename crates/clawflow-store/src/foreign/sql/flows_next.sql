-- The id of a row of which not every value can be read.
select rowid, iif(octet_length(flow_id) < 800, flow_id, null) from flow_runs where rowid > ?1 order by rowid limit 1
