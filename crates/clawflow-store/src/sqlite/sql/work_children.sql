select record from wait indexed by wait_for_flow
where kind = 'flow' and state = 'open'
order by flow_id, wait_id
