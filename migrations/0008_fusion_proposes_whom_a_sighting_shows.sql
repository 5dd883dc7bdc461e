-- Whom fusion takes a detection or sighting for, with all that comes into question and why. Derived: computed from the
-- log, reference data and decisions of people, and written anew whenever it comes out otherwise.

create table identity_proposal (
    site_id       text not null,
    observation   uuid not null,
    observed_at   timestamptz not null,
    candidates    jsonb not null,
    nobody        double precision not null,
    value         double precision not null,
    configuration text not null,
    computed_at   timestamptz not null default clock_timestamp(),
    primary key (site_id, observation)
);
create index identity_proposal_by_value on identity_proposal (site_id, value desc, observation);
create index identity_proposal_by_time on identity_proposal (site_id, observed_at);
