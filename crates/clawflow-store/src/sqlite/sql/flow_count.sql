select count(*) from flow
