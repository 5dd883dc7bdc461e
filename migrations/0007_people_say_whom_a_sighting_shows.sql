-- Whom a detection or sighting shows, as a person decided: it is this individual, it is nobody known, or it is not that
-- individual. Append-only, but for being withdrawn. What the observation itself said stays in the log as it came.

create table identity_decision (
    site_id      text not null references site,
    id           uuid not null,
    observation  uuid not null,
    observed_at  timestamptz not null,
    verdict      text not null check (verdict in ('is', 'is_not')),
    individual   uuid,
    note         text not null default '',
    decided_by   text not null,
    decided_at   timestamptz not null default clock_timestamp(),
    withdrawn_by text,
    withdrawn_at timestamptz,
    -- The decision that took the place of this one; while it holds, this one does not.
    superseded_by uuid,
    primary key (site_id, id),
    check (verdict = 'is' or individual is not null)
);
create unique index identity_is_decided_once on identity_decision (site_id, observation)
    where verdict = 'is' and withdrawn_at is null;
create index identity_decision_by_observation on identity_decision (site_id, observation);
create index identity_decision_by_individual on identity_decision (site_id, individual) where withdrawn_at is null;
