-- The id of a row of which not every value can be read.
select rowid, iif(octet_length(task_id) < 800, task_id, null) from task_runs where rowid > ?1 order by rowid limit 1
