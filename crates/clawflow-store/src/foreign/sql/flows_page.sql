select rowid, * from flow_runs where rowid > ?1 order by rowid limit ?2
