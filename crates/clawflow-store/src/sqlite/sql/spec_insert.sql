insert into spec (flow_id, definition_hash, record) values (?1, ?2, ?3)
