with recursive way (name) as (
    select min(route_name) from delivery indexed by delivery_due where state = 'pending'
    union all
    select (
        select min(route_name) from delivery indexed by delivery_due
        where state = 'pending' and route_name > way.name
    ) from way where way.name is not null
)
select owed.record, owed.place from way cross join delivery as owed on owed.delivery_id in (
    select delivery_id from delivery indexed by delivery_due
    where state = 'pending' and route_name = way.name and due_at <= ?1
    order by due_at, delivery_id limit ?2
)
