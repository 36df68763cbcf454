-- name: put_documents
-- Keep documents, each in the place of the one before.
INSERT INTO document (source, collection, rank, key, person, written_at, body) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (source, collection, key) DO UPDATE SET
    rank = excluded.rank, person = excluded.person, written_at = excluded.written_at, body = excluded.body;

-- name: drop_documents
-- Keep these documents no longer.
DELETE FROM document WHERE source = ? AND collection = ? AND key = ?;

-- name: document
-- One document.
SELECT collection, key, rank, body FROM document WHERE source = :source AND collection = :collection AND key = :key;

-- name: documents
-- A page of a collection.
SELECT collection, key, rank, body FROM document
WHERE source = :source AND collection = :collection AND (rank, key) > (:rank, :key)
ORDER BY rank, key LIMIT :limit;

-- name: first_documents
-- The first page of a collection.
SELECT collection, key, rank, body FROM document
WHERE source = :source AND collection = :collection ORDER BY rank, key LIMIT :limit;

-- name: documents_back
-- A page of a collection, the last first.
SELECT collection, key, rank, body FROM document
WHERE source = :source AND collection = :collection AND (rank, key) < (:rank, :key)
ORDER BY rank DESC, key DESC LIMIT :limit;

-- name: last_documents
-- The last page of a collection, the last first.
SELECT collection, key, rank, body FROM document
WHERE source = :source AND collection = :collection ORDER BY rank DESC, key DESC LIMIT :limit;

-- name: drop_documents_of_people
-- Drop what was kept about people.
DELETE FROM document WHERE person IN (SELECT value FROM json_each(:people));

-- name: drop_documents_naming
-- Drop what names somebody by a text, in lower case, anywhere in it.
DELETE FROM document WHERE lower(key) = :name OR instr(lower(CAST(body AS TEXT)), :name) > 0;

-- name: anybody_forgotten
-- Whether anybody was ever forgotten.
SELECT EXISTS (SELECT 1 FROM erased);

-- name: count_documents
-- How many documents a collection holds.
SELECT COUNT(*) FROM document WHERE source = :source AND collection = :collection;

-- name: add_key
-- Let somebody in.
INSERT INTO access_key (name, hash, access, created_at) VALUES (:name, :hash, :access, :at);

-- name: keys
-- Everybody who was ever let in.
SELECT name, hash, access, created_at, revoked_at FROM access_key ORDER BY created_at, name;

-- name: revoke_key
-- Let them in no longer.
UPDATE access_key SET revoked_at = COALESCE(revoked_at, :at) WHERE name = :name;

-- name: people_page
-- A page of people, but for those joined into another.
SELECT card FROM person WHERE survivor IS NULL AND person > :after ORDER BY person LIMIT :limit;

-- name: people_page_back
-- The same, newest first.
SELECT card FROM person WHERE survivor IS NULL AND person < :after ORDER BY person DESC LIMIT :limit;

-- name: recorded_of_person
-- When the first and the newest fact about a person were recorded.
SELECT MIN(recorded_at), MAX(recorded_at) FROM fact WHERE person IN (
    SELECT :person UNION SELECT p.person FROM person p WHERE p.survivor = :person
);

-- name: described_by
-- The newest description of a person that a source gave.
SELECT COALESCE(f.body, b.body) FROM fact f LEFT JOIN fact b ON b.seq = f.body_seq
WHERE f.kind = 'person.updated' AND f.source = :source AND f.person IN (
    SELECT :person UNION SELECT p.person FROM person p WHERE p.survivor = :person
)
ORDER BY f.seq DESC LIMIT 1;

-- name: snapshot
-- The newest snapshot of a subject.
SELECT COALESCE(f.body, b.body) FROM subject_state s JOIN fact f ON f.seq = s.newest
LEFT JOIN fact b ON b.seq = f.body_seq WHERE s.subject = :subject;

-- name: snapshots
-- A page of the newest snapshots of subjects in a range of names.
SELECT s.subject, COALESCE(f.body, b.body) FROM subject_state s JOIN fact f ON f.seq = s.newest
LEFT JOIN fact b ON b.seq = f.body_seq
WHERE s.subject > :after AND s.subject >= :first AND s.subject < :beyond ORDER BY s.subject LIMIT :limit;

-- name: happenings
-- A page of facts by the time they occurred.
SELECT e.seq, e.key, e.revision, e.kind, e.subject, e.occurred_at, e.recorded_at, e.source, e.is_imported,
    e.is_approximate, e.detail, e.ordinal, e.family, e.body_seq, e.person, e.body, w.bytes
FROM entry e JOIN fact g ON g.seq = e.seq LEFT JOIN raw w ON w.raw = g.raw
WHERE (e.occurred_at, e.seq) > (:at, :seq) AND e.occurred_at < :until
    AND (:kinds IS NULL OR EXISTS (
        SELECT 1 FROM json_each(:kinds) k
        WHERE e.kind = k.value OR (k.value LIKE '%.' AND substr(e.kind, 1, length(k.value)) = k.value)
    ))
ORDER BY e.occurred_at, e.seq LIMIT :limit;

-- name: happenings_of_people
-- The same of some people, found by whom they are about.
SELECT e.seq, e.key, e.revision, e.kind, e.subject, e.occurred_at, e.recorded_at, e.source, e.is_imported,
    e.is_approximate, e.detail, e.ordinal, e.family, e.body_seq, e.person, e.body, w.bytes
FROM entry e JOIN fact g ON g.seq = e.seq LEFT JOIN raw w ON w.raw = g.raw
WHERE (+e.occurred_at, e.seq) > (:at, :seq) AND +e.occurred_at < :until
    AND e.seq IN (SELECT f.seq FROM fact f WHERE f.person IN (SELECT value FROM json_each(:people)))
    AND (:kinds IS NULL OR EXISTS (
        SELECT 1 FROM json_each(:kinds) k
        WHERE e.kind = k.value OR (k.value LIKE '%.' AND substr(e.kind, 1, length(k.value)) = k.value)
    ))
ORDER BY +e.occurred_at, e.seq LIMIT :limit;

-- name: happenings_back
-- The same, newest first.
SELECT e.seq, e.key, e.revision, e.kind, e.subject, e.occurred_at, e.recorded_at, e.source, e.is_imported,
    e.is_approximate, e.detail, e.ordinal, e.family, e.body_seq, e.person, e.body, w.bytes
FROM entry e JOIN fact g ON g.seq = e.seq LEFT JOIN raw w ON w.raw = g.raw
WHERE (e.occurred_at, e.seq) < (:at, :seq) AND e.occurred_at >= :since
    AND (:kinds IS NULL OR EXISTS (
        SELECT 1 FROM json_each(:kinds) k
        WHERE e.kind = k.value OR (k.value LIKE '%.' AND substr(e.kind, 1, length(k.value)) = k.value)
    ))
ORDER BY e.occurred_at DESC, e.seq DESC LIMIT :limit;

-- name: happenings_of_people_back
-- The same of some people, found by whom they are about.
SELECT e.seq, e.key, e.revision, e.kind, e.subject, e.occurred_at, e.recorded_at, e.source, e.is_imported,
    e.is_approximate, e.detail, e.ordinal, e.family, e.body_seq, e.person, e.body, w.bytes
FROM entry e JOIN fact g ON g.seq = e.seq LEFT JOIN raw w ON w.raw = g.raw
WHERE (+e.occurred_at, e.seq) < (:at, :seq) AND +e.occurred_at >= :since
    AND e.seq IN (SELECT f.seq FROM fact f WHERE f.person IN (SELECT value FROM json_each(:people)))
    AND (:kinds IS NULL OR EXISTS (
        SELECT 1 FROM json_each(:kinds) k
        WHERE e.kind = k.value OR (k.value LIKE '%.' AND substr(e.kind, 1, length(k.value)) = k.value)
    ))
ORDER BY +e.occurred_at DESC, e.seq DESC LIMIT :limit;

-- name: placed_by_hour
-- How many orders each source had placed in each hour since an instant, and how late the latest known of them came.
SELECT source, occurred_at / 3600000000 AS hour, COUNT(*), MAX(occurred_at),
    MAX(CASE WHEN is_imported = 0 THEN recorded_at - occurred_at ELSE 0 END)
FROM fact WHERE occurred_at >= :since AND occurred_at <= :until AND kind = 'order.placed' AND revision = 0
GROUP BY source, hour;
