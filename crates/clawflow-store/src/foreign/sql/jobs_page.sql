select rowid, * from cron_jobs where rowid > ?1 order by rowid limit ?2
