select spec.record, definition.source
from spec join definition on definition.hash = spec.definition_hash
where spec.flow_id = ?1
