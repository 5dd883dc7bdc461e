-- The append-only log: what was observed, the bytes that said so, and one gap-free order of all changes.

-- One change log serves the pipeline, live clients and phones. Readers take rows with
-- (xid, seq) > cursor and xid < pg_snapshot_xmin: a plain serial would skip rows that commit late.
create table change_log (
    seq         bigint generated always as identity,
    xid         xid8 not null default pg_current_xact_id(),
    site_id     text not null,
    noun        text not null,
    id          uuid not null,
    at          timestamptz,                           -- observations: observed_at
    content     uuid,                                  -- observations: hash of what they say
    recorded_at timestamptz not null default clock_timestamp()
);
create index change_log_by_cursor on change_log (site_id, xid, seq);
create unique index change_log_one_of_each_observation on change_log (id) where noun = 'observation';

create function notify_of_change() returns trigger language plpgsql as $$
begin
    perform pg_notify('rosette_change', '');
    return null;
end $$;
create trigger change_log_wakes_readers after insert on change_log
    for each statement execute function notify_of_change();

create table observation (
    id          uuid not null,
    site_id     text not null,
    device      text not null,                         -- the key that the message carried
    kind        text not null,                         -- fix, detection, sighting, reading
    label       text,
    observed_at timestamptz not null,                  -- by the device (valid time)
    received_at timestamptz not null,                  -- at the hub's door
    recorded_at timestamptz not null default clock_timestamp(),
    longitude   double precision,
    latitude    double precision,
    body        jsonb not null,
    door        text not null,
    dialect     text not null,
    address     text not null,
    sender      text,
    raw         bytea not null,
    primary key (id, observed_at)
) partition by range (observed_at);
create index observation_by_device on observation (site_id, device, observed_at);
create index observation_by_label on observation (site_id, observed_at) where kind in ('detection', 'sighting');

-- Partitions are months in UTC, made three months ahead and on demand: a fix from 2009 is welcome.
create function ensure_observation_month(moment timestamptz) returns text language plpgsql as $$
declare
    first date := date_trunc('month', moment at time zone 'UTC')::date;
    partition text := 'observation_' || to_char(first, 'YYYY_MM');
begin
    if to_regclass(partition) is null then
        perform pg_advisory_xact_lock(hashtext('ensure_observation_month'));
        if to_regclass(partition) is null then
            execute format('create table %I partition of observation for values from (%L) to (%L)', partition,
                           first::text || ' 00:00:00+00', (first + interval '1 month')::date::text || ' 00:00:00+00');
        end if;
    end if;
    return partition;
end $$;

create table quarantine (
    id          uuid primary key,                      -- from site, dialect, address and bytes: a resend changes nothing
    site_id     text not null,
    door        text not null,
    dialect     text not null,
    address     text not null,
    sender      text,
    device      text,
    code        text not null,
    reason      text not null,
    raw         bytea not null,
    received_at timestamptz not null,
    recorded_at timestamptz not null default clock_timestamp(),
    times       integer not null default 1,
    replayed_at timestamptz
);
create index quarantine_by_site on quarantine (site_id, recorded_at);

create table site_setting (
    site_id text not null,
    name    text not null,
    value   jsonb not null,
    primary key (site_id, name)
);
