CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, city TEXT);
INSERT INTO customers VALUES (1, 'Aster & Sons', 'Bremen');
INSERT INTO customers VALUES (2, 'Borealis', 'Tromsø');
INSERT INTO customers VALUES (3, 'Café "Central"', 'Wien');
