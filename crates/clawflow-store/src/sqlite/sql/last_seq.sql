select max(coalesce((select max(seq) from event), 0), (select value from meta where name = 'seq'))
