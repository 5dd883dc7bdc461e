-- A sighting has an answer within moments: weighed alone, against where everybody was believed to be when all were weighed
-- last. It stands until the whole set has been weighed again, which never reads it.
alter table identity_proposal add column status text not null default 'settled'
    check (status in ('provisional', 'settled'));

-- The track of an individual asks for all that names it. Most detections name nobody.
create index observation_by_individual on observation (site_id, (body ->> 'individual'), observed_at)
    where kind in ('detection', 'sighting') and body ->> 'individual' is not null;
