pragma quick_check(cron_jobs)
