select count(*) from task_runs
