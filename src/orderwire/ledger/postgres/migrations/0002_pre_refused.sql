-- Records that could not be understood. Programs of before leave the table alone.
-- A row without raw stands for one whose bytes were erased, so that they do not come back.

CREATE TABLE refused (
    source text NOT NULL,
    stream text NOT NULL,
    key text COLLATE "C" NOT NULL,
    place text NOT NULL,
    problem text NOT NULL,
    remedy text NOT NULL,
    is_whole boolean NOT NULL,
    is_imported boolean NOT NULL,
    first_at bigint NOT NULL,
    last_at bigint NOT NULL,
    times bigint NOT NULL,
    names text NOT NULL,
    raw bytea,
    PRIMARY KEY (source, stream, key)
);
CREATE INDEX refused_waiting ON refused (source, stream, key, first_at) WHERE raw IS NOT NULL;
