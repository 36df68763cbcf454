-- What the platforms' clients may ask for again, who may call, and the log by the time things happened.

CREATE TABLE document (
    source text NOT NULL,
    collection text COLLATE "C" NOT NULL,
    rank text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    person bigint,
    written_at bigint NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (source, collection, key)
);
CREATE INDEX document_rank ON document (source, collection, rank, key);

CREATE INDEX document_person ON document (person) WHERE person IS NOT NULL;

CREATE TABLE access_key (
    name text PRIMARY KEY,
    hash text NOT NULL UNIQUE,
    access text NOT NULL,
    created_at bigint NOT NULL,
    revoked_at bigint
);

CREATE INDEX fact_occurred ON fact (occurred_at, seq);
CREATE INDEX subject_state_bytewise ON subject_state (subject COLLATE "C");
