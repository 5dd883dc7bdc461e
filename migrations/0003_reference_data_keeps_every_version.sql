-- Devices, individuals, places, deployments, fences and layers. Bitemporal: `valid` is when it holds in the world,
-- [recorded_at, superseded_at) is when the hub believed it. An edit adds a version; nothing is overwritten.

create table reference (
    site_id       text not null,
    noun          text not null check (noun in ('device', 'individual', 'place', 'deployment', 'fence', 'layer')),
    id            uuid not null,
    version       integer not null,
    deleted       boolean not null default false,
    valid         tstzrange not null default '(,)',
    body          jsonb not null,
    device_id     uuid generated always as (case when noun = 'deployment' then (body ->> 'device')::uuid end) stored,
    recorded_by   text not null,
    recorded_at   timestamptz not null default clock_timestamp(),
    superseded_at timestamptz,
    primary key (site_id, noun, id, version),
    constraint a_device_is_on_one_carrier_at_a_time exclude using gist
        (site_id with =, device_id with =, valid with &&)
        where (noun = 'deployment' and superseded_at is null and not deleted)
);
create unique index reference_current on reference (site_id, noun, id) where superseded_at is null;
create unique index device_key_is_unique on reference (site_id, (body ->> 'key'))
    where noun = 'device' and superseded_at is null and not deleted;
create unique index individual_name_is_unique on reference (site_id, (body ->> 'name'))
    where noun = 'individual' and superseded_at is null and not deleted;
