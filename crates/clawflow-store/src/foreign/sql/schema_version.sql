-- The first read: it takes the lock, which nobody else wants.
pragma schema_version
