insert into spec (flow_id, definition_hash, files_hash, record) values (?1, ?2, ?3, ?4)
