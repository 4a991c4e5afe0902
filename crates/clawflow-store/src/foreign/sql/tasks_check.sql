pragma quick_check(task_runs)
