select min(at) from (
    select min(next_at) as at from schedule where next_at is not null
    union all
    select min(due_at) from run where due_at is not null
)
