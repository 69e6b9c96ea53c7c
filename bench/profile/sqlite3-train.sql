-- What SQLite is profiled by: other statements than those that are measured.
pragma temp_store = memory;
create table t(a integer primary key, b text, c real);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 30000)
  insert into t select i, 'name' || (i * 7919 % 100003), i * 1.5 from n;
create index tb on t(b);
select count(*), sum(c) from t where b like 'name1%';
select b, count(*) from t group by substr(b, 1, 6) order by 2 desc, 1 limit 5;
select count(*) from t x join t y on x.b = 'name' || y.a where y.a < 10000;
update t set c = c + 1 where a % 3 = 0;
delete from t where a % 7 = 0;
select sum(c), count(*) from t;
