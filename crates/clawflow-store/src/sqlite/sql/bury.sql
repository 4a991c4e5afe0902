-- Changes nothing, but is a commit of its own.
update meta set value = value where name = 'seq'
