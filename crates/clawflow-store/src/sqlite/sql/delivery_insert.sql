-- What was sent before is left out. Once a place is taken, place_next.sql is called.
insert into delivery (
    delivery_id, version, state, due_at, closed_at, record,
    owner_key, flow_id, task_id, idempotency_key, route, route_name, created_at, place
) values (
    ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,
    case when ?14 then (select value + 1 from meta where name = 'place') end
) on conflict (owner_key, idempotency_key, route, route_name) do nothing
