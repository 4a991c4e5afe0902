insert into signal (signal_id, owner_key, name, key, record) values (?1, ?2, ?3, ?4, ?5)
