-- A picture is not an observation; what a machine or a person sees in it is. Its bytes lie encrypted below the state
-- folder, named by their hash; the database knows what they are, by which doors they came, and what became of them.

create table medium (
    id              uuid primary key,                  -- from site and bytes: the same bytes again are the same medium
    site_id         text not null,
    sha256          bytea not null,
    kind            text not null,                     -- jpeg, png, webp, mp4
    bytes           bigint not null,
    device          text,                              -- the key that the door vouches for, or the sender named
    live            boolean not null,                  -- looked at before what came in bulk
    received_at     timestamptz not null,              -- at the hub's door, the first time
    recorded_at     timestamptz not null default clock_timestamp(),
    state           text not null default 'waiting' check (state in ('waiting', 'seen', 'partial', 'quarantined', 'erased')),
    reason          text,                              -- of quarantined and erased
    camera_time     timestamp,                         -- by the camera's own clock, which knows no zone
    taken_at        timestamptz,                       -- best belief
    time_method     text check (time_method in ('exif', 'told', 'received')),
    width_px        integer,
    height_px       integer,
    facts           jsonb not null default '{}',       -- what the picture says of itself
    preview_of      uuid,                              -- the full picture, of which this is a small copy that came first
    perceptual_hash bigint,
    kept_until      timestamptz,
    looked_by       text,                              -- the model that looked last, id@version
    name            text not null default ''           -- of the file, as the sender called it
);
create index medium_by_time on medium (site_id, taken_at, id);
create index medium_by_device on medium (site_id, device, taken_at, id);
create index medium_waiting on medium (live desc, received_at, id) where state = 'waiting';
create index medium_kept_until on medium (kept_until) where kept_until is not null and state <> 'erased';
create index medium_by_bytes on medium (sha256);

create table medium_delivery (
    id          uuid primary key,                      -- from medium, door, address, sender and device
    medium_id   uuid not null references medium (id),
    site_id     text not null,
    door        text not null,
    address     text not null,
    sender      text,
    device      text,
    live        boolean not null,
    received_at timestamptz not null,
    recorded_at timestamptz not null default clock_timestamp(),
    times       integer not null default 1
);
create index medium_delivery_of on medium_delivery (medium_id);

-- A picture on its way, in pieces: each is durable before it is acknowledged. The pieces are encrypted.
create table upload (
    id          uuid primary key,
    site_id     text not null,
    door        text not null check (door in ('http', 'mqtt')),
    address     text not null,
    sender      text,
    owner       uuid,                                  -- who may go on with it, over HTTP
    device      text,
    live        boolean not null,
    name        text not null default '',
    told_at     timestamptz,
    size        bigint,                                -- of the whole, over HTTP
    pieces      integer,                               -- of the whole, over MQTT
    made_at     timestamptz not null,
    expires_at  timestamptz not null,
    medium_id   uuid,                                  -- what it became
    code        text,                                  -- why it became nothing
    reason      text
);
create index upload_by_end on upload (expires_at);

create table upload_piece (
    upload_id uuid not null references upload (id) on delete cascade,
    place     bigint not null,                         -- offset over HTTP, number over MQTT
    size      integer not null,
    digest    bytea not null,                          -- SHA-256: is it the same piece that comes again?
    sealed    bytea,                                   -- null once the whole is kept
    primary key (upload_id, place)
);
-- Encrypted bytes do not get smaller.
alter table upload_piece alter column sealed set storage external;
