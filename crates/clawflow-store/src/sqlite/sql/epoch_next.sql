update meta set value = value + 1 where name = 'epoch' returning value
