-- Tellings are rows of the transaction that decided them; they are delivered at least once, deduplicated by their key.

create table recipient (
    id         uuid primary key,
    site_id    text not null,
    person_id  uuid references person (id),
    channel    text not null check (channel in ('fcm', 'webhook')),
    address    text not null,                          -- token or URL
    severities text[] not null default '{critical,high}',
    made_at    timestamptz not null default clock_timestamp(),
    gone_at    timestamptz,
    unique (site_id, channel, address)
);

create table outbox (
    id           bigint generated always as identity primary key,
    site_id      text not null,
    alert_id     uuid not null,
    version      integer not null,
    recipient_id uuid not null references recipient (id),
    body         jsonb not null,
    due_at       timestamptz not null default clock_timestamp(),
    leased_until timestamptz,
    attempts     integer not null default 0,
    settled_at   timestamptz,
    outcome      text,
    unique (alert_id, version, recipient_id)
);
create index outbox_due on outbox (due_at) where settled_at is null;
