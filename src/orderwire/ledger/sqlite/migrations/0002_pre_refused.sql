-- Records that could not be understood. Programs of before leave the table alone.
-- A row without raw stands for one whose bytes were erased, so that they do not come back.

CREATE TABLE refused (
    source TEXT NOT NULL,
    stream TEXT NOT NULL,
    key TEXT NOT NULL,
    place TEXT NOT NULL,
    problem TEXT NOT NULL,
    remedy TEXT NOT NULL,
    is_whole INTEGER NOT NULL,
    is_imported INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    times INTEGER NOT NULL,
    names TEXT NOT NULL,
    raw BLOB,
    PRIMARY KEY (source, stream, key)
) STRICT;
CREATE INDEX refused_waiting ON refused (source, stream, key, first_at) WHERE raw IS NOT NULL;
