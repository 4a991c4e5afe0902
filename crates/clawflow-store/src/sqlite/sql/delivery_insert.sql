-- What was sent before is left out.
insert into delivery (
    delivery_id, version, state, due_at, closed_at, record,
    owner_key, flow_id, task_id, idempotency_key, route, route_name, created_at
) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
on conflict (owner_key, idempotency_key, route, route_name) do nothing
