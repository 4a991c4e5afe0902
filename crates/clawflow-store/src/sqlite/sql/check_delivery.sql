select version, owner_key = ?2 and idempotency_key = ?3 and route = ?4 and route_name = ?5
    and flow_id is ?6 and task_id is ?7 and created_at = ?8
from delivery where delivery_id = ?1
