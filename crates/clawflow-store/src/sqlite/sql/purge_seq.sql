update meta set value = ?1 where name = 'seq'
