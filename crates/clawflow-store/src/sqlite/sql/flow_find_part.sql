-- A scan, but of an index only; nothing else finds the middle of a word.
select flow_id from flow indexed by flow_by_status
where instr(flow_id, ?1) > 0 order by flow_id desc limit ?2
