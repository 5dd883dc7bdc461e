-- Pictures of one camera, a few minutes apart, are a sequence: derived from looks, written anew when they come out otherwise.
-- What people say of one is bound to its pictures, not to its id, and is never computed.

-- How a site's pictures are judged, every version. The newest holds.
create table judging_text (
    site_id    text not null references site,
    version    integer not null,
    text       text not null,
    written_by text not null,
    written_at timestamptz not null default clock_timestamp(),
    primary key (site_id, version)
);

create table picture_sequence (
    site_id     text not null,
    id          uuid not null,                         -- from site, camera and first picture
    device      text not null,
    begins_at   timestamptz not null,
    ends_at     timestamptz not null,
    version     integer not null default 1,            -- goes up whenever pictures or entries change
    pictures    uuid[] not null,                       -- in order of time
    bursts      integer not null,
    infrared    boolean not null,
    entries     jsonb not null,
    labels      text[] not null,                       -- of the entries, in their order
    sure        float8[] not null,                     -- their probabilities
    reasons     text[] not null,                       -- why a person should look
    value       float8 not null,                       -- how much a look is worth
    target      float8 not null,                       -- how probably a target of the park is on it
    audited     boolean not null,                      -- drawn for the blind audit
    judged_by   integer not null,                      -- version of the text, 0: the hub's own
    computed_at timestamptz not null default clock_timestamp(),
    primary key (site_id, id)
);
create index picture_sequence_by_camera on picture_sequence (site_id, device, begins_at);
create index picture_sequence_by_time on picture_sequence (site_id, begins_at desc, id);
create index picture_sequence_by_value on picture_sequence (site_id, value desc, id);
create index picture_sequence_of on picture_sequence using gin (pictures);

-- Which look a picture's sequence was computed from; null: it is to be computed (again).
alter table medium add column sequenced text;
create index medium_unsequenced on medium (site_id, device, taken_at, id)
    where looked_by is not null and device is not null and taken_at is not null
      and ((preview_of is null and sequenced is distinct from looked_by)
        or (preview_of is not null and sequenced is not null));

-- A person's word about a sequence: append-only, but for being withdrawn. `machine`: what was said by then.
create table sequence_verdict (
    site_id      text not null references site,
    id           uuid not null,
    sequence_id  uuid not null,
    device       text not null,
    infrared     boolean not null,
    pictures     uuid[] not null,
    said         jsonb not null,                       -- [{label, count}]
    machine      jsonb not null,                       -- entries
    blind        boolean not null,                     -- the machine's answer was not shown
    note         text not null default '',
    decided_by   text not null,
    decided_at   timestamptz not null default clock_timestamp(),
    withdrawn_by text,
    withdrawn_at timestamptz,
    primary key (site_id, id)
);
create index sequence_verdict_of on sequence_verdict using gin (pictures) where withdrawn_at is null;
create index sequence_verdict_blind on sequence_verdict (site_id, decided_at desc) where blind and withdrawn_at is null;

-- Places of a camera's view at which the same box comes back, by calendar month. `asked_at`: since when the month is to be
-- gone through again; null: it was.
create table repeat_memory (
    site_id   text not null,
    device    text not null,
    month     date not null,
    boxes     jsonb not null default '[]',
    asked_at  timestamptz,
    primary key (site_id, device, month)
);
create index repeat_memory_asked on repeat_memory (asked_at) where asked_at is not null;

-- What the heavy model and the classifier saw where the light one was not enough; the joined answer is a look.
create table second_look (
    medium_id uuid not null references medium (id),
    site_id   text not null,
    model     text not null,                           -- id@version
    looked_by text not null,                           -- of the look that asked for it
    reason    text not null,
    body      jsonb not null,
    looked_at timestamptz not null default clock_timestamp(),
    primary key (medium_id, model)
);
-- Which pictures wait for a second look, and why.
create table second_look_wish (
    medium_id uuid primary key references medium (id),
    site_id   text not null,
    looked_by text not null,
    reason    text not null,
    asked_at  timestamptz not null default clock_timestamp(),
    done_at   timestamptz,
    problem   text not null default ''
);
create index second_look_waiting on second_look_wish (asked_at) where done_at is null;
