-- The log, the current state beside it, and what is remembered of each destination.
-- Instants are whole microseconds since 1970, UTC.

CREATE TABLE meta (
    name text PRIMARY KEY,
    value bytea NOT NULL
);

CREATE TABLE fact (
    seq bigint PRIMARY KEY,
    key text NOT NULL,
    revision bigint NOT NULL,
    kind text NOT NULL,
    family smallint NOT NULL,
    subject text NOT NULL,
    occurred_at bigint NOT NULL,
    recorded_at bigint NOT NULL,
    is_imported boolean NOT NULL,
    is_approximate boolean NOT NULL,
    source text NOT NULL,
    detail text,
    ordinal bigint NOT NULL,
    person bigint,
    body_seq bigint NOT NULL,
    raw bigint,
    content bytea,
    previous bigint,
    money bigint,
    currency text,
    body bytea
);
CREATE UNIQUE INDEX fact_key ON fact (key, revision);
CREATE INDEX fact_family ON fact (family, seq);
CREATE INDEX fact_subject ON fact (subject, seq);
CREATE INDEX fact_person ON fact (person, seq) WHERE person IS NOT NULL;
CREATE INDEX fact_observed ON fact (seq) WHERE NOT is_imported;
CREATE INDEX fact_erased ON fact (seq) WHERE money IS NOT NULL;

CREATE TABLE raw (
    raw bigint PRIMARY KEY,
    source text NOT NULL,
    subject text NOT NULL,
    person bigint,
    received_at bigint NOT NULL,
    is_loose boolean NOT NULL,
    bytes bytea
);
CREATE INDEX raw_loose ON raw (person) WHERE is_loose;

CREATE TABLE subject_state (
    subject text PRIMARY KEY,
    content bytea NOT NULL,
    version bigint,
    newest bigint NOT NULL,
    person bigint,
    raw_digest bytea NOT NULL,
    kinds text NOT NULL,
    is_erased boolean NOT NULL
);

CREATE TABLE person (
    person bigint PRIMARY KEY,
    survivor bigint,
    card text NOT NULL,
    own text
);
CREATE INDEX person_survivor ON person (survivor) WHERE survivor IS NOT NULL;

CREATE TABLE identifier (
    kind text NOT NULL,
    source text NOT NULL,
    value text NOT NULL,
    spelling text NOT NULL,
    person bigint NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (kind, source, value)
);
CREATE INDEX identifier_person ON identifier (person);

CREATE TABLE merge (
    absorbed bigint NOT NULL,
    survivor bigint NOT NULL,
    seq bigint NOT NULL,
    merged_at bigint NOT NULL,
    separated_at bigint,
    PRIMARY KEY (absorbed, survivor)
);

CREATE TABLE erased (
    hash text PRIMARY KEY,
    erased_at bigint NOT NULL,
    seq bigint NOT NULL
);
CREATE INDEX erased_seq ON erased (seq);

CREATE TABLE source (
    source text PRIMARY KEY
);

CREATE TABLE checkpoint (
    source text NOT NULL,
    stream text NOT NULL,
    position bytea NOT NULL,
    PRIMARY KEY (source, stream)
);

CREATE TABLE lease (
    destination text PRIMARY KEY,
    holder text NOT NULL,
    epoch bigint NOT NULL,
    expires_at bigint NOT NULL
);

CREATE TABLE destination (
    destination text PRIMARY KEY,
    state text NOT NULL
);

CREATE TABLE cursor (
    destination text NOT NULL,
    stream text NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (destination, stream)
);

CREATE TABLE attempt (
    destination text NOT NULL,
    number bigint NOT NULL,
    state text NOT NULL,
    job text,
    min_seq bigint NOT NULL,
    max_seq bigint NOT NULL,
    attempt text NOT NULL,
    members bytea NOT NULL,
    wire_ids bytea NOT NULL,
    PRIMARY KEY (destination, number)
);
CREATE INDEX attempt_state ON attempt (destination, state, number);
CREATE INDEX attempt_job ON attempt (destination, number) WHERE job IS NOT NULL;
CREATE INDEX attempt_beyond ON attempt (destination, max_seq);

CREATE TABLE exemption (
    destination text NOT NULL,
    seq bigint NOT NULL,
    disposition text NOT NULL,
    reason text NOT NULL,
    attempt bigint,
    tries bigint NOT NULL,
    due_at bigint,
    decided_at bigint NOT NULL,
    settings_version bigint NOT NULL,
    parts_done text NOT NULL,
    PRIMARY KEY (destination, seq)
);
CREATE INDEX exemption_disposition ON exemption (destination, disposition, seq);
CREATE INDEX exemption_due ON exemption (destination, due_at) WHERE due_at IS NOT NULL;

CREATE TABLE mark (
    destination text NOT NULL,
    subject text NOT NULL,
    seq bigint NOT NULL,
    mark text NOT NULL,
    PRIMARY KEY (destination, subject)
);

CREATE VIEW entry AS
SELECT
    f.seq, f.key, f.revision, f.kind, f.subject, f.occurred_at, f.recorded_at, f.source, f.is_imported,
    f.is_approximate, f.detail, f.ordinal, f.family, f.body_seq,
    r.person AS person,
    COALESCE(f.body, b.body) AS body,
    s.newest AS newest,
    s.kinds AS kinds,
    n.body AS newest_body,
    c.body AS previous_body,
    r.card AS card
FROM fact f
LEFT JOIN fact b ON b.seq = f.body_seq AND f.body_seq <> f.seq
LEFT JOIN subject_state s ON s.subject = f.subject
LEFT JOIN fact n ON n.seq = s.newest AND s.newest <> f.body_seq
LEFT JOIN fact c ON c.seq = f.previous
LEFT JOIN person p ON p.person = COALESCE(f.person, s.person)
LEFT JOIN person r ON r.person = COALESCE(p.survivor, p.person);
