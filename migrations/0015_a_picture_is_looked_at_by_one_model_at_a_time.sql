-- What a model saw in a picture is kept for good; another model's look at it is another row. A look is settled once its
-- detections are in the log and the picture says who looked. Which looks count is what `medium.looked_by` says.

create table look (
    medium_id   uuid not null references medium (id),
    model       text not null,                         -- id@version
    site_id     text not null,
    state       text not null check (state in ('seen', 'partial', 'unreadable')),
    body        jsonb not null,                        -- boxes, size and facts, as the process that looked gave them
    thresholds  jsonb not null default '{}',           -- of the model: from where on it shows, and may raise an alert
    looked_at   timestamptz not null default clock_timestamp(),
    settled     boolean not null default false,
    primary key (medium_id, model)
);
create index look_unsettled on look (medium_id) where not settled;

-- When somebody asked for another look, by whatever model is active; null: nobody, or it was done.
alter table medium add column look_again timestamptz;

-- Cameras take turns: from one to the next by the index.
create index medium_in_turn on medium (live, site_id, (coalesce(device, '')), received_at, id)
    where state = 'waiting' and kind <> 'mp4';
create index medium_look_again on medium (look_again, id) where look_again is not null;
create index medium_unreadable on medium (site_id, device) where state = 'quarantined';
