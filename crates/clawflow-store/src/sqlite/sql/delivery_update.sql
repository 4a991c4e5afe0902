-- Once a place is taken, place_next.sql is called.
update delivery set version = ?2, state = ?3, due_at = ?4, closed_at = ?5, record = ?6,
    place = case when ?7 then (select value + 1 from meta where name = 'place') else place end
where delivery_id = ?1
