select record from run indexed by run_due
where due_at is not null and due_at <= ?1 order by due_at, run_id limit ?2
