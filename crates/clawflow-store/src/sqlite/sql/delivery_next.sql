select min(due_at) from delivery indexed by delivery_due where state = 'pending'
