delete from spec where flow_id = ?1 returning definition_hash, files_hash
