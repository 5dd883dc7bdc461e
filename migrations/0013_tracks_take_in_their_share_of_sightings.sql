-- A track takes in what probably shows its animal, with the share that fusion gives it. Whom sightings show is weighed
-- month by month; `asked` counts what a month has been asked for since, `answered` what its stored answer has seen.
-- Both tables are derived: they can be dropped and rebuilt (`rosette rebuild`).

create table identity_month (
    site_id     text not null,
    month       date not null,
    asked       bigint not null default 1,
    answered    bigint not null default 0,
    basis       text not null default '',              -- of the reference data that the answer was computed with
    weighed_at  timestamptz,
    primary key (site_id, month)
);
create index identity_month_waiting on identity_month (site_id, month) where answered < asked;

-- One row a passage and individual; of less than the least share nothing is kept.
create table identity_share (
    site_id     text not null,
    individual  uuid not null,
    observation uuid not null,
    observed_at timestamptz not null,
    share       double precision not null,
    spread_m2   double precision not null,             -- variance of the place by all other evidence
    primary key (site_id, individual, observation)
);
create index identity_share_by_observation on identity_share (site_id, observation);
create index identity_share_by_time on identity_share (site_id, observed_at);
