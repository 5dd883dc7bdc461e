-- Two entries of the roster are one animal (merge), or one entry holds two (split), as people decided. Both are
-- append-only, but for being taken back. And what was known at a time can be asked for: fits of movement keep their past.

create table individual_merge (
    site_id      text not null references site,
    id           uuid not null,
    merged       uuid not null,
    stays        uuid not null,
    note         text not null default '',
    decided_by   text not null,
    decided_at   timestamptz not null default clock_timestamp(),
    withdrawn_by text,
    withdrawn_at timestamptz,
    primary key (site_id, id),
    check (merged <> stays)
);
create unique index individual_is_merged_once on individual_merge (site_id, merged) where withdrawn_at is null;

-- The sightings that a split moves are decisions like any other; they name the split that they were made by.
create table individual_split (
    site_id      text not null references site,
    id           uuid not null,
    individual   uuid not null,
    other        uuid not null,
    is_new       boolean not null,
    note         text not null default '',
    decided_by   text not null,
    decided_at   timestamptz not null default clock_timestamp(),
    withdrawn_by text,
    withdrawn_at timestamptz,
    primary key (site_id, id),
    check (individual <> other)
);
alter table identity_decision add column split uuid;
create index identity_decision_by_split on identity_decision (site_id, split) where split is not null;

alter table movement drop constraint movement_pkey;
alter table movement add primary key (site_id, individual_id, fitted_at);
