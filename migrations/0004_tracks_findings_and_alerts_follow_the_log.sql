-- Derived tables: a pure function of the log and of reference data. They can be dropped and rebuilt (`rosette replay`).
-- What people did with an alert is not derived: it lives in alert_action, append-only.

create table pipeline_cursor (
    site_id       text primary key,
    xid           bigint not null,
    seq           bigint not null,
    configuration text not null,
    moved_at      timestamptz not null default clock_timestamp()
);

create table track (
    site_id       text not null,
    subject_kind  text not null,
    subject_id    uuid not null,
    version       integer not null,
    set_hash      bytea not null,                      -- of the evidence, in canonical order
    configuration text not null,
    points        integer not null,
    first_at      timestamptz not null,
    last_at       timestamptz not null,
    recorded_at   timestamptz not null default clock_timestamp(),
    primary key (site_id, subject_kind, subject_id)
);

-- Columns of one month of one track, in centimetres of the site's frame; rewritten only when they differ.
create table track_segment (
    site_id      text not null,
    subject_kind text not null,
    subject_id   uuid not null,
    month        date not null,
    first_at     timestamptz not null,
    last_at      timestamptz not null,
    columns      bytea not null,
    primary key (site_id, subject_kind, subject_id, month)
);

create table finding (
    id            uuid not null,
    site_id       text not null,
    subject_kind  text not null,
    subject_id    uuid not null,
    kind          text not null,
    fence_id      uuid not null,
    fence_version integer not null,
    observed_from timestamptz not null,
    observed_to   timestamptz not null,
    crossed_at    timestamptz not null,
    longitude     double precision not null,
    latitude      double precision not null,
    evidence      uuid[] not null,
    detail        jsonb not null default '{}',
    recorded_at   timestamptz not null default clock_timestamp(),
    retracted_at  timestamptz,
    cause         text,
    primary key (id, recorded_at)
);
create unique index finding_standing on finding (id) where retracted_at is null;
create index finding_by_subject on finding (site_id, subject_id) where retracted_at is null;
create index finding_by_time on finding (site_id, crossed_at) where retracted_at is null;

create table alert (
    id              uuid primary key,
    site_id         text not null,
    finding_id      uuid not null,
    subject_kind    text not null,
    subject_id      uuid not null,
    subject_name    text not null,
    kind            text not null,
    fence_id        uuid not null,
    fence_name      text not null,
    severity        text not null,
    occurred_at     timestamptz not null,
    longitude       double precision not null,
    latitude        double precision not null,
    detail          jsonb not null default '{}',
    state           text not null default 'new' check (state in ('new', 'acknowledged', 'resolved', 'retracted')),
    version         integer not null default 1,
    raised_at       timestamptz not null default clock_timestamp(),
    acknowledged_by text,
    acknowledged_at timestamptz,
    resolved_by     text,
    resolved_at     timestamptz,
    outcome         text,
    corrects        uuid,
    corrected_by    uuid,
    cause           text
);
create index alert_by_state on alert (site_id, state, occurred_at desc, id);
create index alert_by_time on alert (site_id, occurred_at);

create table alert_action (
    seq      bigint generated always as identity primary key,
    alert_id uuid not null,
    version  integer not null,
    at       timestamptz not null default clock_timestamp(),
    who      text not null,
    what     text not null,
    note     text
);
create index alert_action_by_alert on alert_action (alert_id, version);
