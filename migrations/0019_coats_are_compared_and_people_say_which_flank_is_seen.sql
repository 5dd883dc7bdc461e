-- A chip is one animal cut from a picture, with the points of its coat. It follows from the picture, the detection's box
-- and the method, and is made again at need. Whom it looks like follows from the chip and from whose sightings people
-- decided. What people say of its flank is kept by its detection, and outlives chips and methods.

create table coat_chip (
    id          uuid primary key,                      -- from detection, picture, box and method
    site_id     text not null references site,
    observation uuid not null,
    observed_at timestamptz not null,
    device      text not null,
    medium_id   uuid not null references medium (id),
    box         float8[] not null,                     -- left, top, width, height as parts of the picture
    method      text not null,
    reason      text not null default '',              -- why it has no pattern
    told_flank  text check (told_flank in ('left', 'right')),  -- by whoever sent the detection
    flank       text check (flank in ('left', 'right')),       -- what holds: a person's word, else what was told
    quality     float8 not null default 0,
    to_picture  float8[],                              -- 2 x 3: from pixels of the chip to parts of the picture
    pattern     bytea,
    made_at     timestamptz not null default clock_timestamp(),
    gallery     text                                   -- digest of what it was compared with; null: it is to be compared
);
create index coat_chip_of on coat_chip (site_id, observation);
create index coat_chip_uncompared on coat_chip (site_id, observed_at desc, id) where gallery is null and pattern is not null;

create table coat_likeness (
    chip_id     uuid primary key references coat_chip (id) on delete cascade,
    gallery     text not null,
    candidates  jsonb not null,                        -- individual, votes, inliers, log ratio, chip and lines
    computed_at timestamptz not null default clock_timestamp()
);

-- Append-only: the last word about a detection holds; null takes it back.
create table coat_flank (
    site_id     text not null references site,
    id          uuid not null,
    observation uuid not null,
    flank       text check (flank in ('left', 'right')),
    decided_by  text not null,
    decided_at  timestamptz not null default clock_timestamp(),
    primary key (site_id, id)
);
create index coat_flank_of on coat_flank (site_id, observation, decided_at desc, id desc);

-- From which look the chips of a picture were cut; null: they are to be cut.
alter table medium add column coated text;
create index medium_uncoated on medium (received_at, id)
    where looked_by is not null and taken_at is not null and preview_of is null and kind <> 'mp4' and state <> 'erased'
      and coated is distinct from looked_by;
