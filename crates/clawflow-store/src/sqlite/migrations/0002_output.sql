-- The output of a step as it is: inside the JSON of its result each quotation mark took two bytes, and
-- writing and reading it took longer than all else. Results from before have it there.
alter table step add column stdout text;
