-- What migrations/0001 to 0019 make, as pg_dump says it. Generated; tests/architecture compares it.

CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;

CREATE FUNCTION public.ensure_observation_month(moment timestamp with time zone) RETURNS text
    LANGUAGE plpgsql
    AS $$
declare
    first date := date_trunc('month', moment at time zone 'UTC')::date;
    partition text := 'observation_' || to_char(first, 'YYYY_MM');
begin
    if to_regclass(partition) is null then
        perform pg_advisory_xact_lock(hashtext('ensure_observation_month'));
        if to_regclass(partition) is null then
            execute format('create table %I partition of observation for values from (%L) to (%L)', partition,
                           first::text || ' 00:00:00+00', (first + interval '1 month')::date::text || ' 00:00:00+00');
        end if;
    end if;
    return partition;
end $$;

CREATE FUNCTION public.notify_of_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform pg_notify('rosette_change', '');
    return null;
end $$;

CREATE TABLE public.alert (
    id uuid NOT NULL,
    site_id text NOT NULL,
    finding_id uuid NOT NULL,
    subject_kind text NOT NULL,
    subject_id uuid NOT NULL,
    subject_name text NOT NULL,
    kind text NOT NULL,
    fence_id uuid,
    fence_name text NOT NULL,
    severity text NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    longitude double precision NOT NULL,
    latitude double precision NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    state text DEFAULT 'new'::text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    raised_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    acknowledged_by text,
    acknowledged_at timestamp with time zone,
    resolved_by text,
    resolved_at timestamp with time zone,
    outcome text,
    corrects uuid,
    corrected_by uuid,
    cause text,
    CONSTRAINT alert_state_check CHECK ((state = ANY (ARRAY['new'::text, 'acknowledged'::text, 'resolved'::text, 'retracted'::text])))
);

CREATE TABLE public.alert_action (
    seq bigint NOT NULL,
    alert_id uuid NOT NULL,
    version integer NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    who text NOT NULL,
    what text NOT NULL,
    note text
);

ALTER TABLE public.alert_action ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.alert_action_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.api_key (
    id uuid NOT NULL,
    token_hash bytea NOT NULL,
    broker_hash text,
    name text NOT NULL,
    site_id text NOT NULL,
    role text NOT NULL,
    device text,
    made_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT api_key_role_check CHECK ((role = ANY (ARRAY['ranger'::text, 'dispatcher'::text, 'scientist'::text, 'admin'::text])))
);

CREATE TABLE public.audit (
    seq bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    site_id text,
    who text NOT NULL,
    what text NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL
);

ALTER TABLE public.audit ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.change_log (
    seq bigint NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    site_id text NOT NULL,
    noun text NOT NULL,
    id uuid NOT NULL,
    at timestamp with time zone,
    content uuid,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

ALTER TABLE public.change_log ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.change_log_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.coat_chip (
    id uuid NOT NULL,
    site_id text NOT NULL,
    observation uuid NOT NULL,
    observed_at timestamp with time zone NOT NULL,
    device text NOT NULL,
    medium_id uuid NOT NULL,
    box double precision[] NOT NULL,
    method text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    told_flank text,
    flank text,
    quality double precision DEFAULT 0 NOT NULL,
    to_picture double precision[],
    pattern bytea,
    made_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    gallery text,
    CONSTRAINT coat_chip_flank_check CHECK ((flank = ANY (ARRAY['left'::text, 'right'::text]))),
    CONSTRAINT coat_chip_told_flank_check CHECK ((told_flank = ANY (ARRAY['left'::text, 'right'::text])))
);

CREATE TABLE public.coat_flank (
    site_id text NOT NULL,
    id uuid NOT NULL,
    observation uuid NOT NULL,
    flank text,
    decided_by text NOT NULL,
    decided_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT coat_flank_flank_check CHECK ((flank = ANY (ARRAY['left'::text, 'right'::text])))
);

CREATE TABLE public.coat_likeness (
    chip_id uuid NOT NULL,
    gallery text NOT NULL,
    candidates jsonb NOT NULL,
    computed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE public.finding (
    id uuid NOT NULL,
    site_id text NOT NULL,
    subject_kind text NOT NULL,
    subject_id uuid NOT NULL,
    kind text NOT NULL,
    fence_id uuid,
    fence_version integer,
    observed_from timestamp with time zone NOT NULL,
    observed_to timestamp with time zone NOT NULL,
    crossed_at timestamp with time zone NOT NULL,
    longitude double precision NOT NULL,
    latitude double precision NOT NULL,
    evidence uuid[] NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    retracted_at timestamp with time zone,
    cause text,
    earliest_at timestamp with time zone NOT NULL,
    latest_at timestamp with time zone NOT NULL,
    decided_at timestamp with time zone NOT NULL,
    probability double precision NOT NULL,
    other_id uuid
);

CREATE TABLE public.followed_month (
    site_id text NOT NULL,
    subject_kind text NOT NULL,
    subject_id uuid NOT NULL,
    month date NOT NULL,
    west double precision NOT NULL,
    south double precision NOT NULL,
    east double precision NOT NULL,
    north double precision NOT NULL,
    since timestamp with time zone,
    states bytea
);

CREATE TABLE public.hypothesis (
    site_id text NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    subject_id uuid,
    since timestamp with time zone NOT NULL,
    decided_at timestamp with time zone NOT NULL,
    probability double precision NOT NULL,
    value double precision NOT NULL,
    longitude double precision NOT NULL,
    latitude double precision NOT NULL,
    sensitive boolean NOT NULL,
    evidence uuid[] NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    computed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT hypothesis_kind_check CHECK ((kind = ANY (ARRAY['birth'::text, 'death'::text, 'dispersal'::text, 'wrong_deployment'::text, 'same_animal'::text])))
);

CREATE TABLE public.hypothesis_decision (
    site_id text NOT NULL,
    id uuid NOT NULL,
    hypothesis_id uuid NOT NULL,
    verdict text NOT NULL,
    hypothesis jsonb NOT NULL,
    acts jsonb DEFAULT '[]'::jsonb NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    decided_by text NOT NULL,
    decided_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    withdrawn_by text,
    withdrawn_at timestamp with time zone,
    CONSTRAINT hypothesis_decision_verdict_check CHECK ((verdict = ANY (ARRAY['confirmed'::text, 'rejected'::text])))
);

CREATE TABLE public.identity_decision (
    site_id text NOT NULL,
    id uuid NOT NULL,
    observation uuid NOT NULL,
    observed_at timestamp with time zone NOT NULL,
    verdict text NOT NULL,
    individual uuid,
    note text DEFAULT ''::text NOT NULL,
    decided_by text NOT NULL,
    decided_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    withdrawn_by text,
    withdrawn_at timestamp with time zone,
    superseded_by uuid,
    split uuid,
    CONSTRAINT identity_decision_check CHECK (((verdict = 'is'::text) OR (individual IS NOT NULL))),
    CONSTRAINT identity_decision_verdict_check CHECK ((verdict = ANY (ARRAY['is'::text, 'is_not'::text])))
);

CREATE TABLE public.identity_month (
    site_id text NOT NULL,
    month date NOT NULL,
    asked bigint DEFAULT 1 NOT NULL,
    answered bigint DEFAULT 0 NOT NULL,
    basis text DEFAULT ''::text NOT NULL,
    weighed_at timestamp with time zone
);

CREATE TABLE public.identity_proposal (
    site_id text NOT NULL,
    observation uuid NOT NULL,
    observed_at timestamp with time zone NOT NULL,
    candidates jsonb NOT NULL,
    nobody double precision NOT NULL,
    value double precision NOT NULL,
    configuration text NOT NULL,
    computed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    status text DEFAULT 'settled'::text NOT NULL,
    CONSTRAINT identity_proposal_status_check CHECK ((status = ANY (ARRAY['provisional'::text, 'settled'::text])))
);

CREATE TABLE public.identity_share (
    site_id text NOT NULL,
    individual uuid NOT NULL,
    observation uuid NOT NULL,
    observed_at timestamp with time zone NOT NULL,
    share double precision NOT NULL,
    spread_m2 double precision NOT NULL
);

CREATE TABLE public.individual_merge (
    site_id text NOT NULL,
    id uuid NOT NULL,
    merged uuid NOT NULL,
    stays uuid NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    decided_by text NOT NULL,
    decided_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    withdrawn_by text,
    withdrawn_at timestamp with time zone,
    CONSTRAINT individual_merge_check CHECK ((merged <> stays))
);

CREATE TABLE public.individual_split (
    site_id text NOT NULL,
    id uuid NOT NULL,
    individual uuid NOT NULL,
    other uuid NOT NULL,
    is_new boolean NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    decided_by text NOT NULL,
    decided_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    withdrawn_by text,
    withdrawn_at timestamp with time zone,
    CONSTRAINT individual_split_check CHECK ((individual <> other))
);

CREATE TABLE public.judging_text (
    site_id text NOT NULL,
    version integer NOT NULL,
    text text NOT NULL,
    written_by text NOT NULL,
    written_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE public.look (
    medium_id uuid NOT NULL,
    model text NOT NULL,
    site_id text NOT NULL,
    state text NOT NULL,
    body jsonb NOT NULL,
    thresholds jsonb DEFAULT '{}'::jsonb NOT NULL,
    looked_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    settled boolean DEFAULT false NOT NULL,
    CONSTRAINT look_state_check CHECK ((state = ANY (ARRAY['seen'::text, 'partial'::text, 'unreadable'::text])))
);

CREATE TABLE public.medium (
    id uuid NOT NULL,
    site_id text NOT NULL,
    sha256 bytea NOT NULL,
    kind text NOT NULL,
    bytes bigint NOT NULL,
    device text,
    live boolean NOT NULL,
    received_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    state text DEFAULT 'waiting'::text NOT NULL,
    reason text,
    camera_time timestamp without time zone,
    taken_at timestamp with time zone,
    time_method text,
    width_px integer,
    height_px integer,
    facts jsonb DEFAULT '{}'::jsonb NOT NULL,
    preview_of uuid,
    perceptual_hash bigint,
    kept_until timestamp with time zone,
    looked_by text,
    name text DEFAULT ''::text NOT NULL,
    look_again timestamp with time zone,
    sequenced text,
    persons boolean DEFAULT false NOT NULL,
    coated text,
    CONSTRAINT medium_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'seen'::text, 'partial'::text, 'quarantined'::text, 'erased'::text]))),
    CONSTRAINT medium_time_method_check CHECK ((time_method = ANY (ARRAY['exif'::text, 'told'::text, 'received'::text])))
);

CREATE TABLE public.medium_delivery (
    id uuid NOT NULL,
    medium_id uuid NOT NULL,
    site_id text NOT NULL,
    door text NOT NULL,
    address text NOT NULL,
    sender text,
    device text,
    live boolean NOT NULL,
    received_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    times integer DEFAULT 1 NOT NULL
);

CREATE TABLE public.migration (
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE public.movement (
    site_id text NOT NULL,
    individual_id uuid NOT NULL,
    tau_position_s double precision NOT NULL,
    tau_velocity_s double precision NOT NULL,
    sigma_m double precision NOT NULL,
    centre_drift_m2_s double precision NOT NULL,
    error_scale double precision NOT NULL,
    spread_factor double precision NOT NULL,
    log_covariance double precision[] NOT NULL,
    fixes integer NOT NULL,
    fitted_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    tags jsonb DEFAULT '[]'::jsonb NOT NULL
);

CREATE TABLE public.observation (
    id uuid NOT NULL,
    site_id text NOT NULL,
    device text NOT NULL,
    kind text NOT NULL,
    label text,
    observed_at timestamp with time zone NOT NULL,
    received_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    longitude double precision,
    latitude double precision,
    body jsonb NOT NULL,
    door text NOT NULL,
    dialect text NOT NULL,
    address text NOT NULL,
    sender text,
    raw bytea NOT NULL
)
PARTITION BY RANGE (observed_at);

CREATE TABLE public.outbox (
    id bigint NOT NULL,
    site_id text NOT NULL,
    alert_id uuid NOT NULL,
    version integer NOT NULL,
    recipient_id uuid NOT NULL,
    body jsonb NOT NULL,
    due_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    leased_until timestamp with time zone,
    attempts integer DEFAULT 0 NOT NULL,
    settled_at timestamp with time zone,
    outcome text
);

ALTER TABLE public.outbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.person (
    id uuid NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    language text DEFAULT 'en'::text NOT NULL,
    password_hash text NOT NULL,
    active boolean DEFAULT true NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT person_language_check CHECK ((language = ANY (ARRAY['en'::text, 'ru'::text])))
);

CREATE TABLE public.person_role (
    person_id uuid NOT NULL,
    site_id text NOT NULL,
    role text NOT NULL,
    CONSTRAINT person_role_role_check CHECK ((role = ANY (ARRAY['ranger'::text, 'dispatcher'::text, 'scientist'::text, 'admin'::text])))
);

CREATE TABLE public.picture_sequence (
    site_id text NOT NULL,
    id uuid NOT NULL,
    device text NOT NULL,
    begins_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    pictures uuid[] NOT NULL,
    bursts integer NOT NULL,
    infrared boolean NOT NULL,
    entries jsonb NOT NULL,
    labels text[] NOT NULL,
    sure double precision[] NOT NULL,
    reasons text[] NOT NULL,
    value double precision NOT NULL,
    target double precision NOT NULL,
    audited boolean NOT NULL,
    judged_by integer NOT NULL,
    computed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE public.pipeline_cursor (
    site_id text NOT NULL,
    xid bigint NOT NULL,
    seq bigint NOT NULL,
    configuration text NOT NULL,
    moved_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE public.quarantine (
    id uuid NOT NULL,
    site_id text NOT NULL,
    door text NOT NULL,
    dialect text NOT NULL,
    address text NOT NULL,
    sender text,
    device text,
    code text NOT NULL,
    reason text NOT NULL,
    raw bytea NOT NULL,
    received_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    times integer DEFAULT 1 NOT NULL,
    replayed_at timestamp with time zone
);

CREATE TABLE public.recipient (
    id uuid NOT NULL,
    site_id text NOT NULL,
    person_id uuid,
    channel text NOT NULL,
    address text NOT NULL,
    severities text[] DEFAULT '{critical,high}'::text[] NOT NULL,
    made_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    gone_at timestamp with time zone,
    CONSTRAINT recipient_channel_check CHECK ((channel = ANY (ARRAY['fcm'::text, 'webhook'::text])))
);

CREATE TABLE public.reference (
    site_id text NOT NULL,
    noun text NOT NULL,
    id uuid NOT NULL,
    version integer NOT NULL,
    deleted boolean DEFAULT false NOT NULL,
    valid tstzrange DEFAULT '(,)'::tstzrange NOT NULL,
    body jsonb NOT NULL,
    device_id uuid GENERATED ALWAYS AS (
CASE
    WHEN (noun = 'deployment'::text) THEN ((body ->> 'device'::text))::uuid
    ELSE NULL::uuid
END) STORED,
    recorded_by text NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    superseded_at timestamp with time zone,
    CONSTRAINT reference_noun_check CHECK ((noun = ANY (ARRAY['device'::text, 'individual'::text, 'place'::text, 'deployment'::text, 'fence'::text, 'layer'::text])))
);

CREATE TABLE public.repeat_memory (
    site_id text NOT NULL,
    device text NOT NULL,
    month date NOT NULL,
    boxes jsonb DEFAULT '[]'::jsonb NOT NULL,
    asked_at timestamp with time zone
);

CREATE TABLE public.second_look (
    medium_id uuid NOT NULL,
    site_id text NOT NULL,
    model text NOT NULL,
    looked_by text NOT NULL,
    reason text NOT NULL,
    body jsonb NOT NULL,
    looked_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE public.second_look_wish (
    medium_id uuid NOT NULL,
    site_id text NOT NULL,
    looked_by text NOT NULL,
    reason text NOT NULL,
    asked_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    done_at timestamp with time zone,
    problem text DEFAULT ''::text NOT NULL
);

CREATE TABLE public.sequence_verdict (
    site_id text NOT NULL,
    id uuid NOT NULL,
    sequence_id uuid NOT NULL,
    device text NOT NULL,
    infrared boolean NOT NULL,
    pictures uuid[] NOT NULL,
    said jsonb NOT NULL,
    machine jsonb NOT NULL,
    blind boolean NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    decided_by text NOT NULL,
    decided_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    withdrawn_by text,
    withdrawn_at timestamp with time zone
);

CREATE TABLE public.session (
    token_hash bytea NOT NULL,
    person_id uuid NOT NULL,
    made_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

CREATE TABLE public.site (
    id text NOT NULL,
    name text NOT NULL,
    time_zone text NOT NULL,
    longitude double precision NOT NULL,
    latitude double precision NOT NULL,
    drill boolean DEFAULT false NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    attributes jsonb DEFAULT '{}'::jsonb NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT site_id_check CHECK ((id ~ '^[a-z][a-z0-9-]{0,39}$'::text)),
    CONSTRAINT site_latitude_check CHECK (((latitude >= ('-90'::integer)::double precision) AND (latitude <= (90)::double precision))),
    CONSTRAINT site_longitude_check CHECK (((longitude >= ('-180'::integer)::double precision) AND (longitude <= (180)::double precision)))
);

CREATE TABLE public.site_setting (
    site_id text NOT NULL,
    name text NOT NULL,
    value jsonb NOT NULL
);

CREATE TABLE public.track (
    site_id text NOT NULL,
    subject_kind text NOT NULL,
    subject_id uuid NOT NULL,
    version integer NOT NULL,
    set_hash bytea NOT NULL,
    configuration text NOT NULL,
    points integer NOT NULL,
    first_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE public.track_segment (
    site_id text NOT NULL,
    subject_kind text NOT NULL,
    subject_id uuid NOT NULL,
    month date NOT NULL,
    first_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL,
    columns bytea NOT NULL
);

CREATE TABLE public.upload (
    id uuid NOT NULL,
    site_id text NOT NULL,
    door text NOT NULL,
    address text NOT NULL,
    sender text,
    owner uuid,
    device text,
    live boolean NOT NULL,
    name text DEFAULT ''::text NOT NULL,
    told_at timestamp with time zone,
    size bigint,
    pieces integer,
    made_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    medium_id uuid,
    code text,
    reason text,
    CONSTRAINT upload_door_check CHECK ((door = ANY (ARRAY['http'::text, 'mqtt'::text])))
);

CREATE TABLE public.upload_piece (
    upload_id uuid NOT NULL,
    place bigint NOT NULL,
    size integer NOT NULL,
    digest bytea NOT NULL,
    sealed bytea
);
ALTER TABLE ONLY public.upload_piece ALTER COLUMN sealed SET STORAGE EXTERNAL;

ALTER TABLE ONLY public.reference
    ADD CONSTRAINT a_device_is_on_one_carrier_at_a_time EXCLUDE USING gist (site_id WITH =, device_id WITH =, valid WITH &&) WHERE (((noun = 'deployment'::text) AND (superseded_at IS NULL) AND (NOT deleted)));

ALTER TABLE ONLY public.alert_action
    ADD CONSTRAINT alert_action_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY public.alert
    ADD CONSTRAINT alert_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.api_key
    ADD CONSTRAINT api_key_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.api_key
    ADD CONSTRAINT api_key_token_hash_key UNIQUE (token_hash);

ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY public.coat_chip
    ADD CONSTRAINT coat_chip_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.coat_flank
    ADD CONSTRAINT coat_flank_pkey PRIMARY KEY (site_id, id);

ALTER TABLE ONLY public.coat_likeness
    ADD CONSTRAINT coat_likeness_pkey PRIMARY KEY (chip_id);

ALTER TABLE ONLY public.finding
    ADD CONSTRAINT finding_pkey PRIMARY KEY (id, recorded_at);

ALTER TABLE ONLY public.followed_month
    ADD CONSTRAINT followed_month_pkey PRIMARY KEY (site_id, subject_kind, subject_id, month);

ALTER TABLE ONLY public.hypothesis_decision
    ADD CONSTRAINT hypothesis_decision_pkey PRIMARY KEY (site_id, id);

ALTER TABLE ONLY public.hypothesis
    ADD CONSTRAINT hypothesis_pkey PRIMARY KEY (site_id, id);

ALTER TABLE ONLY public.identity_decision
    ADD CONSTRAINT identity_decision_pkey PRIMARY KEY (site_id, id);

ALTER TABLE ONLY public.identity_month
    ADD CONSTRAINT identity_month_pkey PRIMARY KEY (site_id, month);

ALTER TABLE ONLY public.identity_proposal
    ADD CONSTRAINT identity_proposal_pkey PRIMARY KEY (site_id, observation);

ALTER TABLE ONLY public.identity_share
    ADD CONSTRAINT identity_share_pkey PRIMARY KEY (site_id, individual, observation);

ALTER TABLE ONLY public.individual_merge
    ADD CONSTRAINT individual_merge_pkey PRIMARY KEY (site_id, id);

ALTER TABLE ONLY public.individual_split
    ADD CONSTRAINT individual_split_pkey PRIMARY KEY (site_id, id);

ALTER TABLE ONLY public.judging_text
    ADD CONSTRAINT judging_text_pkey PRIMARY KEY (site_id, version);

ALTER TABLE ONLY public.look
    ADD CONSTRAINT look_pkey PRIMARY KEY (medium_id, model);

ALTER TABLE ONLY public.medium_delivery
    ADD CONSTRAINT medium_delivery_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.medium
    ADD CONSTRAINT medium_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.movement
    ADD CONSTRAINT movement_pkey PRIMARY KEY (site_id, individual_id, fitted_at);

ALTER TABLE ONLY public.observation
    ADD CONSTRAINT observation_pkey PRIMARY KEY (id, observed_at);

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_alert_id_version_recipient_id_key UNIQUE (alert_id, version, recipient_id);

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.person
    ADD CONSTRAINT person_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.person_role
    ADD CONSTRAINT person_role_pkey PRIMARY KEY (person_id, site_id);

ALTER TABLE ONLY public.picture_sequence
    ADD CONSTRAINT picture_sequence_pkey PRIMARY KEY (site_id, id);

ALTER TABLE ONLY public.pipeline_cursor
    ADD CONSTRAINT pipeline_cursor_pkey PRIMARY KEY (site_id);

ALTER TABLE ONLY public.quarantine
    ADD CONSTRAINT quarantine_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.recipient
    ADD CONSTRAINT recipient_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.recipient
    ADD CONSTRAINT recipient_site_id_channel_address_key UNIQUE (site_id, channel, address);

ALTER TABLE ONLY public.reference
    ADD CONSTRAINT reference_pkey PRIMARY KEY (site_id, noun, id, version);

ALTER TABLE ONLY public.repeat_memory
    ADD CONSTRAINT repeat_memory_pkey PRIMARY KEY (site_id, device, month);

ALTER TABLE ONLY public.second_look
    ADD CONSTRAINT second_look_pkey PRIMARY KEY (medium_id, model);

ALTER TABLE ONLY public.second_look_wish
    ADD CONSTRAINT second_look_wish_pkey PRIMARY KEY (medium_id);

ALTER TABLE ONLY public.sequence_verdict
    ADD CONSTRAINT sequence_verdict_pkey PRIMARY KEY (site_id, id);

ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_pkey PRIMARY KEY (token_hash);

ALTER TABLE ONLY public.site
    ADD CONSTRAINT site_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.site_setting
    ADD CONSTRAINT site_setting_pkey PRIMARY KEY (site_id, name);

ALTER TABLE ONLY public.track
    ADD CONSTRAINT track_pkey PRIMARY KEY (site_id, subject_kind, subject_id);

ALTER TABLE ONLY public.track_segment
    ADD CONSTRAINT track_segment_pkey PRIMARY KEY (site_id, subject_kind, subject_id, month);

ALTER TABLE ONLY public.upload_piece
    ADD CONSTRAINT upload_piece_pkey PRIMARY KEY (upload_id, place);

ALTER TABLE ONLY public.upload
    ADD CONSTRAINT upload_pkey PRIMARY KEY (id);

CREATE INDEX alert_action_by_alert ON public.alert_action USING btree (alert_id, version);

CREATE INDEX alert_by_state ON public.alert USING btree (site_id, state, occurred_at DESC, id);

CREATE INDEX alert_by_time ON public.alert USING btree (site_id, occurred_at);

CREATE INDEX audit_by_site ON public.audit USING btree (site_id, at);

CREATE INDEX change_log_by_cursor ON public.change_log USING btree (site_id, xid, seq);

CREATE UNIQUE INDEX change_log_one_of_each_observation ON public.change_log USING btree (id) WHERE (noun = 'observation'::text);

CREATE INDEX coat_chip_of ON public.coat_chip USING btree (site_id, observation);

CREATE INDEX coat_chip_uncompared ON public.coat_chip USING btree (site_id, observed_at DESC, id) WHERE ((gallery IS NULL) AND (pattern IS NOT NULL));

CREATE INDEX coat_flank_of ON public.coat_flank USING btree (site_id, observation, decided_at DESC, id DESC);

CREATE UNIQUE INDEX device_key_is_unique ON public.reference USING btree (site_id, ((body ->> 'key'::text))) WHERE ((noun = 'device'::text) AND (superseded_at IS NULL) AND (NOT deleted));

CREATE INDEX finding_by_fence ON public.finding USING btree (site_id, fence_id) WHERE (retracted_at IS NULL);

CREATE INDEX finding_by_other ON public.finding USING btree (site_id, other_id) WHERE ((retracted_at IS NULL) AND (other_id IS NOT NULL));

CREATE INDEX finding_by_subject ON public.finding USING btree (site_id, subject_id) WHERE (retracted_at IS NULL);

CREATE INDEX finding_by_time ON public.finding USING btree (site_id, crossed_at) WHERE (retracted_at IS NULL);

CREATE UNIQUE INDEX finding_standing ON public.finding USING btree (id) WHERE (retracted_at IS NULL);

CREATE INDEX hypothesis_by_value ON public.hypothesis USING btree (site_id, value DESC, id);

CREATE UNIQUE INDEX hypothesis_is_decided_once ON public.hypothesis_decision USING btree (site_id, hypothesis_id) WHERE (withdrawn_at IS NULL);

CREATE INDEX identity_decision_by_individual ON public.identity_decision USING btree (site_id, individual) WHERE (withdrawn_at IS NULL);

CREATE INDEX identity_decision_by_observation ON public.identity_decision USING btree (site_id, observation);

CREATE INDEX identity_decision_by_split ON public.identity_decision USING btree (site_id, split) WHERE (split IS NOT NULL);

CREATE UNIQUE INDEX identity_is_decided_once ON public.identity_decision USING btree (site_id, observation) WHERE ((verdict = 'is'::text) AND (withdrawn_at IS NULL));

CREATE INDEX identity_month_waiting ON public.identity_month USING btree (site_id, month) WHERE (answered < asked);

CREATE INDEX identity_proposal_by_time ON public.identity_proposal USING btree (site_id, observed_at);

CREATE INDEX identity_proposal_by_value ON public.identity_proposal USING btree (site_id, value DESC, observation);

CREATE INDEX identity_share_by_observation ON public.identity_share USING btree (site_id, observation);

CREATE INDEX identity_share_by_time ON public.identity_share USING btree (site_id, observed_at);

CREATE UNIQUE INDEX individual_is_merged_once ON public.individual_merge USING btree (site_id, merged) WHERE (withdrawn_at IS NULL);

CREATE UNIQUE INDEX individual_name_is_unique ON public.reference USING btree (site_id, ((body ->> 'name'::text))) WHERE ((noun = 'individual'::text) AND (superseded_at IS NULL) AND (NOT deleted));

CREATE INDEX look_unsettled ON public.look USING btree (medium_id) WHERE (NOT settled);

CREATE INDEX medium_by_bytes ON public.medium USING btree (sha256);

CREATE INDEX medium_by_device ON public.medium USING btree (site_id, device, taken_at, id);

CREATE INDEX medium_by_time ON public.medium USING btree (site_id, taken_at, id);

CREATE INDEX medium_delivery_of ON public.medium_delivery USING btree (medium_id);

CREATE INDEX medium_in_turn ON public.medium USING btree (live, site_id, COALESCE(device, ''::text), received_at, id) WHERE ((state = 'waiting'::text) AND (kind <> 'mp4'::text));

CREATE INDEX medium_kept_until ON public.medium USING btree (kept_until) WHERE ((kept_until IS NOT NULL) AND (state <> 'erased'::text));

CREATE INDEX medium_look_again ON public.medium USING btree (look_again, id) WHERE (look_again IS NOT NULL);

CREATE INDEX medium_of_persons ON public.medium USING btree (received_at, id) WHERE (persons AND (state <> 'erased'::text));

CREATE INDEX medium_uncoated ON public.medium USING btree (received_at, id) WHERE ((looked_by IS NOT NULL) AND (taken_at IS NOT NULL) AND (preview_of IS NULL) AND (kind <> 'mp4'::text) AND (state <> 'erased'::text) AND (coated IS DISTINCT FROM looked_by));

CREATE INDEX medium_unreadable ON public.medium USING btree (site_id, device) WHERE (state = 'quarantined'::text);

CREATE INDEX medium_unsequenced ON public.medium USING btree (site_id, device, taken_at, id) WHERE ((looked_by IS NOT NULL) AND (device IS NOT NULL) AND (taken_at IS NOT NULL) AND (((preview_of IS NULL) AND (sequenced IS DISTINCT FROM looked_by)) OR ((preview_of IS NOT NULL) AND (sequenced IS NOT NULL))));

CREATE INDEX medium_waiting ON public.medium USING btree (live DESC, received_at, id) WHERE (state = 'waiting'::text);

CREATE INDEX observation_by_device ON ONLY public.observation USING btree (site_id, device, observed_at);

CREATE INDEX observation_by_individual ON ONLY public.observation USING btree (site_id, ((body ->> 'individual'::text)), observed_at) WHERE ((kind = ANY (ARRAY['detection'::text, 'sighting'::text])) AND ((body ->> 'individual'::text) IS NOT NULL));

CREATE INDEX observation_by_label ON ONLY public.observation USING btree (site_id, observed_at) WHERE (kind = ANY (ARRAY['detection'::text, 'sighting'::text]));

CREATE INDEX outbox_due ON public.outbox USING btree (due_at) WHERE (settled_at IS NULL);

CREATE UNIQUE INDEX person_by_email ON public.person USING btree (lower(email));

CREATE INDEX picture_sequence_by_camera ON public.picture_sequence USING btree (site_id, device, begins_at);

CREATE INDEX picture_sequence_by_time ON public.picture_sequence USING btree (site_id, begins_at DESC, id);

CREATE INDEX picture_sequence_by_value ON public.picture_sequence USING btree (site_id, value DESC, id);

CREATE INDEX picture_sequence_of ON public.picture_sequence USING gin (pictures);

CREATE INDEX quarantine_by_site ON public.quarantine USING btree (site_id, recorded_at);

CREATE UNIQUE INDEX reference_current ON public.reference USING btree (site_id, noun, id) WHERE (superseded_at IS NULL);

CREATE INDEX repeat_memory_asked ON public.repeat_memory USING btree (asked_at) WHERE (asked_at IS NOT NULL);

CREATE INDEX second_look_waiting ON public.second_look_wish USING btree (asked_at) WHERE (done_at IS NULL);

CREATE INDEX sequence_verdict_blind ON public.sequence_verdict USING btree (site_id, decided_at DESC) WHERE (blind AND (withdrawn_at IS NULL));

CREATE INDEX sequence_verdict_of ON public.sequence_verdict USING gin (pictures) WHERE (withdrawn_at IS NULL);

CREATE INDEX session_by_expiry ON public.session USING btree (expires_at);

CREATE INDEX upload_by_end ON public.upload USING btree (expires_at);

CREATE TRIGGER change_log_wakes_readers AFTER INSERT ON public.change_log FOR EACH STATEMENT EXECUTE FUNCTION public.notify_of_change();

ALTER TABLE ONLY public.coat_chip
    ADD CONSTRAINT coat_chip_medium_id_fkey FOREIGN KEY (medium_id) REFERENCES public.medium(id);

ALTER TABLE ONLY public.coat_chip
    ADD CONSTRAINT coat_chip_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.site(id);

ALTER TABLE ONLY public.coat_flank
    ADD CONSTRAINT coat_flank_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.site(id);

ALTER TABLE ONLY public.coat_likeness
    ADD CONSTRAINT coat_likeness_chip_id_fkey FOREIGN KEY (chip_id) REFERENCES public.coat_chip(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.hypothesis_decision
    ADD CONSTRAINT hypothesis_decision_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.site(id);

ALTER TABLE ONLY public.identity_decision
    ADD CONSTRAINT identity_decision_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.site(id);

ALTER TABLE ONLY public.individual_merge
    ADD CONSTRAINT individual_merge_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.site(id);

ALTER TABLE ONLY public.individual_split
    ADD CONSTRAINT individual_split_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.site(id);

ALTER TABLE ONLY public.judging_text
    ADD CONSTRAINT judging_text_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.site(id);

ALTER TABLE ONLY public.look
    ADD CONSTRAINT look_medium_id_fkey FOREIGN KEY (medium_id) REFERENCES public.medium(id);

ALTER TABLE ONLY public.medium_delivery
    ADD CONSTRAINT medium_delivery_medium_id_fkey FOREIGN KEY (medium_id) REFERENCES public.medium(id);

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_recipient_id_fkey FOREIGN KEY (recipient_id) REFERENCES public.recipient(id);

ALTER TABLE ONLY public.person_role
    ADD CONSTRAINT person_role_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.recipient
    ADD CONSTRAINT recipient_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.second_look
    ADD CONSTRAINT second_look_medium_id_fkey FOREIGN KEY (medium_id) REFERENCES public.medium(id);

ALTER TABLE ONLY public.second_look_wish
    ADD CONSTRAINT second_look_wish_medium_id_fkey FOREIGN KEY (medium_id) REFERENCES public.medium(id);

ALTER TABLE ONLY public.sequence_verdict
    ADD CONSTRAINT sequence_verdict_site_id_fkey FOREIGN KEY (site_id) REFERENCES public.site(id);

ALTER TABLE ONLY public.session
    ADD CONSTRAINT session_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id);

ALTER TABLE ONLY public.upload_piece
    ADD CONSTRAINT upload_piece_upload_id_fkey FOREIGN KEY (upload_id) REFERENCES public.upload(id) ON DELETE CASCADE;
