select count(*) from flow_runs
