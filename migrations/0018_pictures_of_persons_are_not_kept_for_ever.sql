-- Pictures of persons are erased when their time is over, unless an alert rests on them. Which pictures these are is
-- noted when they are looked at: to ask all looks every hour would take longer every day.
alter table medium add column persons boolean not null default false;
update medium set persons = true where exists (
    select from look l cross join lateral jsonb_array_elements(l.body -> 'boxes') b
    where l.medium_id = medium.id and b ->> 'label' = 'person'
      and (b ->> 'probability')::float8 >= coalesce((l.thresholds ->> 'show')::float8, 0) / 2);
create index medium_of_persons on medium (received_at, id) where persons and state <> 'erased';
