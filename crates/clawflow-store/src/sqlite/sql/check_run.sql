select version, schedule_id is ?2 and owner_key is ?3 and slot is ?4 and created_at is ?5
from run where run_id = ?1
