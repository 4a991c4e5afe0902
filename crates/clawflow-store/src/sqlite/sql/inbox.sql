select place, delivery_id from delivery indexed by delivery_by_place
where state = ?1 and place > ?2 and place is not null order by place limit ?3
