select revision, owner_key = ?2 and key is ?3 and created_at = ?4 and sync_mode = ?5
from flow where flow_id = ?1
