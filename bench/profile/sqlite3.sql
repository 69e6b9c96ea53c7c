-- Orders of customers: inserts, joins, windows, subqueries, and changes in a transaction.
pragma temp_store = memory;
create table customer(id integer primary key, name text, city text);
create table orders(id integer primary key, customer integer references customer(id), day integer, price real);
create index orders_of on orders(customer, day);
begin;
with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000)
  insert into customer select i, printf('customer %05d', i * 37 % 5003), 'city' || (i % 50) from n;
with recursive n(i) as (select 1 union all select i + 1 from n where i < 80000)
  insert into orders select i, 1 + i * 7919 % 5000, i % 365, (i * 31 % 1000) / 10.0 from n;
commit;
select city, count(*), round(sum(price), 2) from orders join customer on customer.id = orders.customer
  group by city order by 3 desc limit 5;
select name, day, running from (
  select name, day, sum(price) over (partition by customer order by day) as running
  from orders join customer on customer.id = orders.customer where customer < 1000)
  where running > 700 order by running desc, name limit 5;
select count(*) from customer where exists (
  select 1 from orders where customer = customer.id and day between 100 and 120 and price > 90);
begin;
update orders set price = price * 1.1 where customer in (select id from customer where city like '%7');
delete from orders where day = 13;
commit;
select count(*), round(sum(price), 1), max(length(name)) from orders join customer on customer.id = orders.customer;
select upper(substr(name, 1, 8)), group_concat(city, '-') from customer where id % 1000 = 7 group by 1;
