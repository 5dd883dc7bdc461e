-- A crossing is believed with a probability, decided by some later observation, and lies within an interval of time.
-- Findings are derived: they are computed anew at the next start; what the new columns hold until then is a guess.

alter table finding
    add column earliest_at timestamptz,
    add column latest_at   timestamptz,
    add column decided_at  timestamptz,
    add column probability double precision not null default 1;
update finding set earliest_at = observed_from, latest_at = observed_to, decided_at = observed_to;
alter table finding
    alter column earliest_at set not null,
    alter column latest_at set not null,
    alter column decided_at set not null,
    alter column probability drop default;
create index finding_by_fence on finding (site_id, fence_id) where retracted_at is null;

-- One month of one subject. The box holds all its places of that month, the way into it, and their errors: an edit of a
-- fence concerns those whose boxes meet what changed. `states` are those at fences before the first fix of the month,
-- for subjects without a track; `since` is the earliest fix that they refer to. Derived, as tracks are.
create table followed_month (
    site_id      text not null,
    subject_kind text not null,
    subject_id   uuid not null,
    month        date not null,
    west         double precision not null,
    south        double precision not null,
    east         double precision not null,
    north        double precision not null,
    since        timestamptz,
    states       bytea,
    primary key (site_id, subject_kind, subject_id, month)
);
