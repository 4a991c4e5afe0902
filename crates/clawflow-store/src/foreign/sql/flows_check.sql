pragma quick_check(flow_runs)
