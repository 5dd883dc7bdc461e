-- What an animal or a collar does of itself is a finding without a fence; an encounter has two subjects. What may lie
-- behind it (a birth, a death, a dispersal, a collar on another animal) is a hypothesis until a person confirms it.

alter table finding
    alter column fence_id drop not null,
    alter column fence_version drop not null,
    add column other_id uuid;
create index finding_by_other on finding (site_id, other_id) where retracted_at is null and other_id is not null;
alter table alert
    alter column fence_id drop not null;

-- Derived, as proposals are: written anew whenever it comes out otherwise.
create table hypothesis (
    site_id       text not null,
    id            uuid not null,
    kind          text not null check (kind in ('birth', 'death', 'dispersal', 'wrong_deployment')),
    subject_id    uuid,                                -- none of a birth: nobody is known yet
    since         timestamptz not null,
    decided_at    timestamptz not null,                -- of the newest observation that it rests on
    probability   double precision not null,
    value         double precision not null,
    longitude     double precision not null,
    latitude      double precision not null,
    sensitive     boolean not null,
    evidence      uuid[] not null,
    detail        jsonb not null default '{}',
    computed_at   timestamptz not null default clock_timestamp(),
    primary key (site_id, id)
);
create index hypothesis_by_value on hypothesis (site_id, value desc, id);

-- What people made of it: append-only, but for being withdrawn. `hypothesis` is as it stood when it was decided, so that
-- a decision can be read when the hypothesis is gone; `acts` is what was changed because of it, so that it can be undone.
create table hypothesis_decision (
    site_id       text not null references site,
    id            uuid not null,
    hypothesis_id uuid not null,
    verdict       text not null check (verdict in ('confirmed', 'rejected')),
    hypothesis    jsonb not null,
    acts          jsonb not null default '[]',
    note          text not null default '',
    decided_by    text not null,
    decided_at    timestamptz not null default clock_timestamp(),
    withdrawn_by  text,
    withdrawn_at  timestamptz,
    primary key (site_id, id)
);
create unique index hypothesis_is_decided_once on hypothesis_decision (site_id, hypothesis_id)
    where withdrawn_at is null;
