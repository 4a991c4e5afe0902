update meta set value = value + 1 where name = 'place'
