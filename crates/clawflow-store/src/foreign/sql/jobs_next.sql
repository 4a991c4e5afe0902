-- The id of a row of which not every value can be read.
select rowid, iif(octet_length(job_id) < 800, job_id, null) from cron_jobs where rowid > ?1 order by rowid limit 1
