select count(*) from cron_jobs
