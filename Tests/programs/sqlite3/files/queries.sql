.mode column
create table person(id integer primary key, name text not null, city text, born real);
begin;
with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000)
insert into person(name, city, born)
  select 'name' || (i * 7919 % 20011), 'city' || (i % 37), 1900 + (i * 31 % 100) + i / 20000.0 from n;
commit;
create index person_city on person(city, born);
analyze;
select count(*), sum(id), round(avg(born), 6), min(name), max(name) from person;
select city, count(*) n, round(avg(born), 4) a from person group by city order by n desc, city limit 5;
explain query plan select * from person where city = 'city7' and born > 1950;
select p.name, q.name from person p join person q on q.id = p.id + 1 where p.city = 'city3' order by p.born, p.id limit 4;
create virtual table text_index using fts5(body);
insert into text_index select name || ' lives in ' || city from person where id <= 500;
select count(*), min(rowid) from text_index where text_index match 'city5 OR city6';
create virtual table box using rtree(id, x0, x1, y0, y1);
insert into box select id, id % 100, id % 100 + 1, id / 100, id / 100 + 1 from person where id < 5000;
select count(*) from box where x0 > 10 and x1 < 20 and y0 > 5 and y1 < 9;
update person set city = upper(city) where id % 3 = 0;
delete from person where id % 10 = 1;
select city, sum(born) over (order by id rows between 2 preceding and current row) from person limit 5;
vacuum;
pragma integrity_check;
select hex(zeroblob(4)), json_extract('{"a":[1,2,{"b":null}]}', '$.a[2]'), exp(1.0), 9223372036854775807 + 1;
