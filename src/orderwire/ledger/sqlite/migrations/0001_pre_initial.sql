-- The log, the current state beside it, and what is remembered of each destination.
-- Instants are whole microseconds since 1970, UTC.

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE fact (
    seq INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    revision INTEGER NOT NULL,
    kind TEXT NOT NULL,
    family INTEGER NOT NULL,
    subject TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    is_imported INTEGER NOT NULL,
    is_approximate INTEGER NOT NULL,
    source TEXT NOT NULL,
    detail TEXT,
    ordinal INTEGER NOT NULL,
    person INTEGER,
    body_seq INTEGER NOT NULL,
    raw INTEGER,
    content BLOB,
    previous INTEGER,
    money INTEGER,
    currency TEXT,
    body BLOB
) STRICT;
CREATE UNIQUE INDEX fact_key ON fact (key, revision);
CREATE INDEX fact_family ON fact (family, seq);
CREATE INDEX fact_subject ON fact (subject, seq);
CREATE INDEX fact_person ON fact (person, seq) WHERE person IS NOT NULL;
CREATE INDEX fact_observed ON fact (seq) WHERE is_imported = 0;
CREATE INDEX fact_erased ON fact (seq) WHERE money IS NOT NULL;

CREATE TABLE raw (
    raw INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    subject TEXT NOT NULL,
    person INTEGER,
    received_at INTEGER NOT NULL,
    is_loose INTEGER NOT NULL,
    bytes BLOB
) STRICT;
CREATE INDEX raw_loose ON raw (person) WHERE is_loose = 1;

CREATE TABLE subject_state (
    subject TEXT PRIMARY KEY,
    content BLOB NOT NULL,
    version INTEGER,
    newest INTEGER NOT NULL,
    person INTEGER,
    raw_digest BLOB NOT NULL,
    kinds TEXT NOT NULL,
    is_erased INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE person (
    person INTEGER PRIMARY KEY,
    survivor INTEGER,
    card TEXT NOT NULL,
    own TEXT
) STRICT;
CREATE INDEX person_survivor ON person (survivor) WHERE survivor IS NOT NULL;

CREATE TABLE identifier (
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    value TEXT NOT NULL,
    spelling TEXT NOT NULL,
    person INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (kind, source, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX identifier_person ON identifier (person);

CREATE TABLE merge (
    absorbed INTEGER NOT NULL,
    survivor INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    merged_at INTEGER NOT NULL,
    separated_at INTEGER,
    PRIMARY KEY (absorbed, survivor)
) STRICT, WITHOUT ROWID;

CREATE TABLE erased (
    hash TEXT PRIMARY KEY,
    erased_at INTEGER NOT NULL,
    seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX erased_seq ON erased (seq);

CREATE TABLE source (
    source TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoint (
    source TEXT NOT NULL,
    stream TEXT NOT NULL,
    position BLOB NOT NULL,
    PRIMARY KEY (source, stream)
) STRICT, WITHOUT ROWID;

CREATE TABLE lease (
    destination TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE destination (
    destination TEXT PRIMARY KEY,
    state TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE cursor (
    destination TEXT NOT NULL,
    stream TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (destination, stream)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempt (
    destination TEXT NOT NULL,
    number INTEGER NOT NULL,
    state TEXT NOT NULL,
    job TEXT,
    min_seq INTEGER NOT NULL,
    max_seq INTEGER NOT NULL,
    attempt TEXT NOT NULL,
    members BLOB NOT NULL,
    wire_ids BLOB NOT NULL,
    PRIMARY KEY (destination, number)
) STRICT;
CREATE INDEX attempt_state ON attempt (destination, state, number);
CREATE INDEX attempt_job ON attempt (destination, number) WHERE job IS NOT NULL;
CREATE INDEX attempt_beyond ON attempt (destination, max_seq);

CREATE TABLE exemption (
    destination TEXT NOT NULL,
    seq INTEGER NOT NULL,
    disposition TEXT NOT NULL,
    reason TEXT NOT NULL,
    attempt INTEGER,
    tries INTEGER NOT NULL,
    due_at INTEGER,
    decided_at INTEGER NOT NULL,
    settings_version INTEGER NOT NULL,
    parts_done TEXT NOT NULL,
    PRIMARY KEY (destination, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX exemption_disposition ON exemption (destination, disposition, seq);
CREATE INDEX exemption_due ON exemption (destination, due_at) WHERE due_at IS NOT NULL;

CREATE TABLE mark (
    destination TEXT NOT NULL,
    subject TEXT NOT NULL,
    seq INTEGER NOT NULL,
    mark TEXT NOT NULL,
    PRIMARY KEY (destination, subject)
) STRICT, WITHOUT ROWID;

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
