select version, owner_key = ?2 and parent_flow_id is ?3 and created_at = ?4
from task where task_id = ?1
