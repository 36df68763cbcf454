-- name: has_schema
-- One row when a ledger was begun here.
SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_version';

-- name: make_schema_version
-- The list of migrations that were run.
CREATE TABLE schema_version (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL, major INTEGER NOT NULL, applied_at INTEGER NOT NULL
) STRICT;

-- name: migrations
-- Number and major version of each migration that was run.
SELECT number, major FROM schema_version;

-- name: add_migration
-- Note a migration as run.
INSERT INTO schema_version (number, name, major, applied_at) VALUES (:number, :name, :major, :at);

-- name: counters
-- The newest fact, raw record and person, and whether anybody was ever forgotten or taken apart, or is refused.
SELECT
    COALESCE((SELECT MAX(seq) FROM fact), 0),
    COALESCE((SELECT MAX(raw) FROM raw), 0),
    COALESCE((SELECT MAX(person) FROM person), 0),
    EXISTS (SELECT 1 FROM erased),
    EXISTS (SELECT 1 FROM merge WHERE separated_at IS NOT NULL),
    EXISTS (SELECT 1 FROM refused);

-- name: subjects
-- The current state of subjects.
SELECT subject, content, version, newest, person, raw_digest, kinds, is_erased
FROM subject_state WHERE subject IN (SELECT value FROM json_each(:subjects));

-- name: known_facts
-- The newest revision of facts, by key.
SELECT key, seq, MAX(revision), occurred_at, detail, content, ordinal, is_approximate
FROM fact WHERE key IN (SELECT value FROM json_each(:keys)) GROUP BY key;

-- name: holders
-- Who holds these identifiers, merges followed.
SELECT i.value, COALESCE(p.survivor, p.person)
FROM identifier i JOIN person p ON p.person = i.person
WHERE i.kind = :kind AND i.source = :source AND i.value IN (SELECT value FROM json_each(:values));

-- name: people
-- People by number.
SELECT person, card, own, survivor FROM person WHERE person IN (SELECT value FROM json_each(:people));

-- name: survivors
-- The person each of these is one with now.
SELECT person, COALESCE(survivor, person) FROM person WHERE person IN (SELECT value FROM json_each(:people));

-- name: taken_apart
-- Pairs of people an operator has separated.
SELECT absorbed, survivor FROM merge WHERE separated_at IS NOT NULL;

-- name: forgotten
-- Which of these hashes stand for a forgotten person, with every other hash of theirs.
SELECT hash, erased_at, seq FROM erased WHERE seq IN (
    SELECT seq FROM erased WHERE hash IN (SELECT value FROM json_each(:hashes))
);

-- name: bodies
-- The bodies of facts that hold one.
SELECT seq, body FROM fact WHERE seq IN (SELECT value FROM json_each(:seqs)) AND body IS NOT NULL;

-- name: meta
-- A value the ledger keeps for itself.
SELECT value FROM meta WHERE name = :name;

-- name: put_meta
-- Keep a value for the ledger itself, once.
INSERT INTO meta (name, value) VALUES (:name, :value) ON CONFLICT DO NOTHING;

-- name: add_facts
-- Append to the log.
INSERT INTO fact (
    seq, key, revision, kind, family, subject, occurred_at, recorded_at, is_imported, is_approximate, source, detail,
    ordinal, person, body_seq, body, raw, content, previous
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: put_subjects
-- Make these the current states.
INSERT OR REPLACE INTO subject_state (subject, content, version, newest, person, raw_digest, kinds, is_erased)
VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: put_people
-- Make these the current people.
INSERT OR REPLACE INTO person (person, survivor, card, own) VALUES (?, ?, ?, ?);

-- name: add_identifiers
-- Note who brought an identifier.
INSERT INTO identifier (kind, source, value, spelling, person, seq) VALUES (?, ?, ?, ?, ?, ?);

-- name: move_identifiers
-- Give an identifier to another person.
UPDATE identifier SET person = ?, seq = ? WHERE kind = ? AND source = ? AND value = ?;

-- name: add_raws
-- Keep raw records.
INSERT INTO raw (raw, source, subject, person, received_at, is_loose, bytes) VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: add_merges
-- Note that a person was joined into another.
INSERT OR REPLACE INTO merge (absorbed, survivor, seq, merged_at) VALUES (?, ?, ?, ?);

-- name: follow_merges
-- Whoever was joined into the absorbed is joined into the survivor.
UPDATE person SET survivor = ? WHERE survivor = ?;

-- name: lift
-- End an erasure's effect on later records.
DELETE FROM erased WHERE seq = ?;

-- name: add_source
-- Remember the name of a source.
INSERT INTO source (source) VALUES (:source) ON CONFLICT DO NOTHING;

-- name: put_checkpoint
-- Commit a position in a stream of a source.
INSERT OR REPLACE INTO checkpoint (source, stream, position) VALUES (:source, :stream, :position);

-- name: checkpoints
-- The committed positions of a source.
SELECT stream, position FROM checkpoint WHERE source = :source;

-- name: head
-- The newest sequence number.
SELECT COALESCE(MAX(seq), 0) FROM fact;

-- name: entries
-- The next facts of the log.
SELECT * FROM entry WHERE seq > :after AND seq <= :until ORDER BY seq LIMIT :limit;

-- name: entries_of_family
-- The next facts of one family.
SELECT * FROM entry WHERE family = :family AND seq > :after AND seq <= :until ORDER BY seq LIMIT :limit;

-- name: entries_observed
-- The next facts that were not imported.
SELECT * FROM entry
WHERE is_imported = 0 AND seq > :after AND seq <= :until AND (:family IS NULL OR +family = :family)
ORDER BY seq LIMIT :limit;

-- name: entries_at
-- These facts.
SELECT * FROM entry WHERE seq IN (SELECT value FROM json_each(:seqs)) ORDER BY seq;

-- name: earlier_of_people
-- Earlier facts about people, those joined into them included.
SELECT f.seq, f.family FROM fact f WHERE f.seq < :before AND f.person IN (
    SELECT value FROM json_each(:people)
    UNION SELECT p.person FROM person p WHERE p.survivor IN (SELECT value FROM json_each(:people))
);

-- name: earlier_of_subjects
-- Earlier facts about subjects.
SELECT seq, family FROM fact WHERE subject IN (SELECT value FROM json_each(:subjects)) AND seq < :before;

-- name: sources
-- Every source that was ever recorded from.
SELECT source FROM source;

-- name: facts
-- A page of the log, filtered.
SELECT
    seq, key, revision, kind, subject, occurred_at, recorded_at, source, is_imported, is_approximate, detail, ordinal,
    family, body_seq, person, body
FROM entry
WHERE seq > :after
    AND (:since IS NULL OR occurred_at >= :since) AND (:until IS NULL OR occurred_at < :until)
    AND (:source IS NULL OR source = :source)
    AND (:kinds IS NULL OR kind IN (SELECT value FROM json_each(:kinds)) OR (:is_custom AND kind LIKE 'custom.%'))
ORDER BY seq LIMIT :limit;

-- name: facts_of_subjects
-- The same of some subjects.
SELECT
    seq, key, revision, kind, subject, occurred_at, recorded_at, source, is_imported, is_approximate, detail, ordinal,
    family, body_seq, person, body
FROM entry
WHERE seq > :after AND subject IN (SELECT value FROM json_each(:subjects))
    AND (:since IS NULL OR occurred_at >= :since) AND (:until IS NULL OR occurred_at < :until)
    AND (:source IS NULL OR source = :source)
    AND (:kinds IS NULL OR kind IN (SELECT value FROM json_each(:kinds)) OR (:is_custom AND kind LIKE 'custom.%'))
ORDER BY seq LIMIT :limit;

-- name: facts_of_people_page
-- The same of some people.
SELECT
    seq, key, revision, kind, subject, occurred_at, recorded_at, source, is_imported, is_approximate, detail, ordinal,
    family, body_seq, person, body
FROM entry
WHERE seq > :after AND seq IN (SELECT f.seq FROM fact f WHERE f.person IN (SELECT value FROM json_each(:people)))
    AND (:since IS NULL OR occurred_at >= :since) AND (:until IS NULL OR occurred_at < :until)
    AND (:source IS NULL OR source = :source)
    AND (:kinds IS NULL OR kind IN (SELECT value FROM json_each(:kinds)) OR (:is_custom AND kind LIKE 'custom.%'))
ORDER BY seq LIMIT :limit;

-- name: count_facts
-- Facts by kind and origin.
SELECT kind, is_imported, COUNT(*) FROM fact WHERE seq > :after AND seq <= :until GROUP BY kind, is_imported;

-- name: lease
-- Who may deliver to a destination.
SELECT holder, epoch, expires_at FROM lease WHERE destination = :destination;

-- name: put_lease
-- Give the right to deliver.
INSERT OR REPLACE INTO lease (destination, holder, epoch, expires_at)
VALUES (:destination, :holder, :epoch, :expires_at);

-- name: destination
-- What is remembered of a destination.
SELECT state FROM destination WHERE destination = :destination;

-- name: destinations
-- All destinations.
SELECT destination FROM destination ORDER BY destination;

-- name: put_destination
-- Remember a destination.
INSERT OR REPLACE INTO destination (destination, state) VALUES (:destination, :state);

-- name: cursors
-- The committed cursors of a destination.
SELECT stream, seq FROM cursor WHERE destination = :destination;

-- name: put_cursors
-- Move cursors.
INSERT OR REPLACE INTO cursor (destination, stream, seq) VALUES (?, ?, ?);

-- name: put_attempts
-- Keep requests with their members.
INSERT OR REPLACE INTO attempt (destination, number, state, job, min_seq, max_seq, attempt, members, wire_ids)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: attempts
-- A page of the requests of a destination.
SELECT attempt, members, wire_ids FROM attempt
WHERE destination = :destination AND number > :after ORDER BY number LIMIT :limit;

-- name: attempts_in
-- The same of those in one state.
SELECT attempt, members, wire_ids FROM attempt INDEXED BY attempt_state
WHERE destination = :destination AND state = :state AND number > :after ORDER BY number LIMIT :limit;

-- name: attempts_awaited
-- The same of those whose later answer is awaited.
SELECT attempt, members, wire_ids FROM attempt INDEXED BY attempt_job
WHERE destination = :destination AND job IS NOT NULL AND number > :after ORDER BY number LIMIT :limit;

-- name: attempts_beyond
-- Requests with a member beyond a sequence number.
SELECT attempt, members, wire_ids FROM attempt
WHERE destination = :destination AND max_seq > :seq ORDER BY number;

-- name: last_attempt
-- The greatest number of a request.
SELECT COALESCE(MAX(number), 0) FROM attempt WHERE destination = :destination;

-- name: newest_attempt
-- The newest request in one state.
SELECT attempt, members, wire_ids FROM attempt INDEXED BY attempt_state
WHERE destination = :destination AND state = :state ORDER BY number DESC LIMIT 1;

-- name: put_exemptions
-- Keep the disposition of facts that are not plainly accepted.
INSERT OR REPLACE INTO exemption (
    destination, seq, disposition, reason, attempt, tries, due_at, decided_at, settings_version, parts_done
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: clear_exemptions
-- Settle them.
DELETE FROM exemption WHERE destination = ? AND seq = ?;

-- name: exemptions
-- A page of exemptions.
SELECT seq, disposition, reason, attempt, tries, due_at, decided_at, settings_version, parts_done
FROM exemption
WHERE destination = :destination AND seq > :after ORDER BY seq LIMIT :limit;

-- name: exemptions_at
-- Exemptions of some facts.
SELECT seq, disposition, reason, attempt, tries, due_at, decided_at, settings_version, parts_done
FROM exemption
WHERE destination = :destination AND seq IN (SELECT value FROM json_each(:seqs)) AND seq > :after
    AND (:dispositions IS NULL OR disposition IN (SELECT value FROM json_each(:dispositions)))
    AND (:due_before IS NULL OR due_at <= :due_before)
ORDER BY seq LIMIT :limit;

-- name: exemptions_due
-- Exemptions whose time has come.
SELECT seq, disposition, reason, attempt, tries, due_at, decided_at, settings_version, parts_done
FROM exemption
WHERE destination = :destination AND due_at IS NOT NULL AND due_at <= :due_before AND seq > :after
    AND (:dispositions IS NULL OR disposition IN (SELECT value FROM json_each(:dispositions)))
ORDER BY seq LIMIT :limit;

-- name: exemptions_of
-- Exemptions of one disposition or several.
SELECT seq, disposition, reason, attempt, tries, due_at, decided_at, settings_version, parts_done
FROM exemption
WHERE destination = :destination AND disposition IN (SELECT value FROM json_each(:dispositions)) AND seq > :after
ORDER BY seq LIMIT :limit;

-- name: put_marks
-- Move marks forward.
INSERT INTO mark (destination, subject, seq, mark) VALUES (?, ?, ?, ?)
ON CONFLICT (destination, subject) DO UPDATE SET seq = excluded.seq, mark = excluded.mark
WHERE excluded.seq >= mark.seq;

-- name: marks
-- The marks of subjects.
SELECT subject, mark FROM mark
WHERE destination = :destination AND subject IN (SELECT value FROM json_each(:subjects));

-- name: all_families
-- The family of every fact, in order.
SELECT family, seq FROM fact INDEXED BY fact_family WHERE seq <= :head;

-- name: all_exemptions
-- The disposition of every exempt fact.
SELECT seq, disposition FROM exemption WHERE destination = :destination;

-- name: all_members
-- The members of every request.
SELECT state, members, attempt FROM attempt WHERE destination = :destination;

-- name: person_row
-- A person and whom they are one with.
SELECT person, card, own, survivor FROM person WHERE person = :person;

-- name: joined_into
-- People joined into a person.
SELECT person, card, own, survivor FROM person WHERE survivor = :person ORDER BY person;

-- name: holders_of_external_id
-- People who go by an external id at some source.
SELECT COALESCE(p.survivor, p.person) FROM identifier i JOIN person p ON p.person = i.person
WHERE i.kind = 'external_id' AND i.value = :value ORDER BY i.source LIMIT 1;

-- name: identifiers_of
-- The identifiers of people, in the order they came.
SELECT kind, spelling, source, seq, value, person FROM identifier
WHERE person IN (SELECT value FROM json_each(:people)) ORDER BY seq, kind, source, value;

-- name: facts_of_people
-- Every fact about people.
SELECT
    seq, key, revision, kind, subject, occurred_at, recorded_at, source, is_imported, is_approximate, detail, ordinal,
    family, body_seq, person, body
FROM entry WHERE seq IN (
    SELECT seq FROM fact WHERE person IN (SELECT value FROM json_each(:people))
) ORDER BY seq;

-- name: facts_to_forget
-- Every fact about people, and those about their things that name nobody.
SELECT
    seq, key, revision, kind, subject, occurred_at, recorded_at, source, is_imported, is_approximate, detail, ordinal,
    family, body_seq, person, body
FROM entry WHERE seq IN (
    SELECT seq FROM fact WHERE person IN (SELECT value FROM json_each(:people))
    UNION
    SELECT o.seq FROM fact f JOIN fact o ON o.subject = f.subject
    WHERE f.person IN (SELECT value FROM json_each(:people)) AND o.person IS NULL
) ORDER BY seq;

-- name: merges_into
-- Joins in force into a person, oldest first.
SELECT absorbed, survivor, seq FROM merge WHERE survivor = :person AND separated_at IS NULL ORDER BY seq, absorbed;

-- name: merge_of
-- The join in force that took a person up.
SELECT absorbed, survivor, seq FROM merge WHERE absorbed = :person AND separated_at IS NULL;

-- name: joins_of
-- Every join of people, those that were undone included.
SELECT absorbed, survivor, seq, merged_at, separated_at FROM merge
WHERE absorbed IN (SELECT value FROM json_each(:people)) OR survivor IN (SELECT value FROM json_each(:people))
ORDER BY seq, absorbed;

-- name: separate
-- Note that two people were taken apart.
UPDATE merge SET separated_at = :at WHERE absorbed = :absorbed AND survivor = :survivor;

-- name: blank_facts
-- Take the personal bytes out of facts.
UPDATE fact SET
    key = ?, subject = ?, occurred_at = ?, money = ?, currency = ?, body = NULL, content = NULL
WHERE seq = ?;

-- name: blank_raws_of_facts
-- Take the bytes out of the raw records that facts were read from.
UPDATE raw SET bytes = NULL, subject = '' WHERE raw IN (
    SELECT raw FROM fact WHERE seq IN (SELECT value FROM json_each(:seqs))
);

-- name: blank_loose_raws
-- Take the bytes out of raw records of people that became no fact.
UPDATE raw SET bytes = NULL, subject = '' WHERE is_loose = 1 AND person IN (SELECT value FROM json_each(:people));

-- name: blank_reasons
-- Take the words out of exemptions of facts.
UPDATE exemption SET reason = '' WHERE seq IN (SELECT value FROM json_each(:seqs));

-- name: blank_subjects
-- Keep the states of people's things only as ones that are not to be recorded any more.
UPDATE subject_state SET content = x'', raw_digest = x'', is_erased = 1
WHERE subject IN (SELECT f.subject FROM fact f WHERE f.person IN (SELECT value FROM json_each(:people)))
    AND person IN (SELECT value FROM json_each(:people));

-- name: drop_subjects
-- Forget the states whose very name is personal.
DELETE FROM subject_state WHERE subject IN (SELECT value FROM json_each(:subjects));

-- name: drop_identifiers
-- Forget the identifiers of people.
DELETE FROM identifier WHERE person IN (SELECT value FROM json_each(:people));

-- name: add_erased
-- Remember the hash of an identifier that is not to come back.
INSERT OR REPLACE INTO erased (hash, erased_at, seq) VALUES (?, ?, ?);

-- name: raws
-- A page of the raw records of a source.
SELECT raw, subject, bytes FROM raw
WHERE source = :source AND raw > :after AND bytes IS NOT NULL ORDER BY raw LIMIT :limit;

-- name: erased_amounts
-- The money of blanked facts.
SELECT seq, money, currency FROM fact WHERE money IS NOT NULL ORDER BY seq;

-- name: refused
-- A page of the refused records of a source in one stream.
SELECT key, place, problem, remedy, is_whole, is_imported, first_at, last_at, times, raw FROM refused
WHERE source = :source AND stream = :stream AND key > :after AND raw IS NOT NULL
ORDER BY key LIMIT :limit;

-- name: refused_counts
-- How many records of each stream of each source are refused, or were first refused since an instant.
SELECT source, stream, COUNT(*) FROM refused
WHERE raw IS NOT NULL AND (:since IS NULL OR first_at >= :since) GROUP BY source, stream ORDER BY source, stream;

-- name: refused_among
-- Which of these are refused already.
SELECT key FROM refused
WHERE source = :source AND stream = :stream AND key IN (SELECT value FROM json_each(:keys));

-- name: put_refused
-- Keep refused records, each once.
INSERT INTO refused (
    source, stream, key, place, problem, remedy, is_whole, is_imported, first_at, last_at, times, names, raw
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (source, stream, key) DO UPDATE SET
    place = excluded.place, problem = excluded.problem, remedy = excluded.remedy, is_whole = excluded.is_whole,
    is_imported = MAX(refused.is_imported, excluded.is_imported), last_at = excluded.last_at,
    times = refused.times + excluded.times, raw = excluded.raw,
    names = CASE excluded.names WHEN '[]' THEN refused.names ELSE excluded.names END;

-- name: drop_refused
-- Records that are refused no more.
DELETE FROM refused WHERE source = ? AND stream = ? AND key = ?;

-- name: all_refused
-- Every refused record with whom it seems to name.
SELECT source, stream, key, place, problem, remedy, is_whole, is_imported, first_at, last_at, times, names, raw
FROM refused WHERE raw IS NOT NULL;
