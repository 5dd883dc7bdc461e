-- Sites, people, sessions, keys of machines, and the audit of who read what.

create extension if not exists btree_gist;

create table site (
    id          text primary key check (id ~ '^[a-z][a-z0-9-]{0,39}$'),
    name        text not null,
    time_zone   text not null,
    longitude   double precision not null check (longitude between -180 and 180),
    latitude    double precision not null check (latitude between -90 and 90),
    drill       boolean not null default false,
    version     integer not null default 1,
    attributes  jsonb not null default '{}',
    recorded_at timestamptz not null default clock_timestamp()
);

create table person (
    id            uuid primary key,
    email         text not null,
    name          text not null,
    language      text not null default 'en' check (language in ('en', 'ru')),
    password_hash text not null,                       -- argon2id
    active        boolean not null default true,
    version       integer not null default 1,
    recorded_at   timestamptz not null default clock_timestamp()
);
create unique index person_by_email on person (lower(email));

create table person_role (
    person_id uuid not null references person (id),
    site_id   text not null,                           -- '*' = every site
    role      text not null check (role in ('ranger', 'dispatcher', 'scientist', 'admin')),
    primary key (person_id, site_id)
);

create table session (
    token_hash bytea primary key,                      -- sha-256 of the cookie; the cookie itself is nowhere
    person_id  uuid not null references person (id),
    made_at    timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null
);
create index session_by_expiry on session (expires_at);

create table api_key (
    id         uuid primary key,
    token_hash bytea not null unique,
    broker_hash text,                                  -- bcrypt: the same key at the MQTT broker, for its device
    name       text not null,
    site_id    text not null,
    role       text not null check (role in ('ranger', 'dispatcher', 'scientist', 'admin')),
    device     text,                                   -- set: may only append for this device
    made_at    timestamptz not null default clock_timestamp(),
    revoked_at timestamptz
);

create table audit (
    seq     bigint generated always as identity primary key,
    at      timestamptz not null default clock_timestamp(),
    site_id text,
    who     text not null,
    what    text not null,
    detail  jsonb not null default '{}'
);
create index audit_by_site on audit (site_id, at);
