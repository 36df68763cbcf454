-- What the platforms' clients may ask for again, who may call, and the log by the time things happened.

CREATE TABLE document (
    source TEXT NOT NULL,
    collection TEXT NOT NULL,
    rank TEXT NOT NULL,
    key TEXT NOT NULL,
    person INTEGER,
    written_at INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (source, collection, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX document_rank ON document (source, collection, rank, key);

CREATE INDEX document_person ON document (person) WHERE person IS NOT NULL;

CREATE TABLE access_key (
    name TEXT PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    access TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX fact_occurred ON fact (occurred_at, seq);
