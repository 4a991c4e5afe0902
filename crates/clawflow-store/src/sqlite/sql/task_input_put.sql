insert into task_input (task_id, text) values (?1, ?2)
