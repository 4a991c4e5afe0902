-- The output of a step where it is large and compresses; `stdout` is null then. Those from before stay as
-- they are.
alter table step add column stdout_lz4 blob;
