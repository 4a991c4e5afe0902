insert into definition (hash, source) values (?1, ?2) on conflict (hash) do nothing
