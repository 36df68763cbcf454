-- name: has_schema
-- One row when a ledger was begun here.
SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'schema_version';

-- name: make_schema_version
-- The list of migrations that were run.
CREATE TABLE schema_version (
    number integer PRIMARY KEY, name text NOT NULL, major integer NOT NULL, applied_at bigint NOT NULL
);

-- name: migrations
-- Number and major version of each migration that was run.
SELECT number, major FROM schema_version;

-- name: add_migration
-- Note a migration as run.
INSERT INTO schema_version (number, name, major, applied_at) VALUES (%(number)s, %(name)s, %(major)s, %(at)s);

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
FROM subject_state WHERE subject = ANY(%(subjects)s);

-- name: known_facts
-- The newest revision of facts, by key.
SELECT DISTINCT ON (key) key, seq, revision, occurred_at, detail, content, ordinal, is_approximate
FROM fact WHERE key = ANY(%(keys)s) ORDER BY key, revision DESC;

-- name: holders
-- Who holds these identifiers, merges followed.
SELECT i.value, COALESCE(p.survivor, p.person)
FROM identifier i JOIN person p ON p.person = i.person
WHERE i.kind = %(kind)s AND i.source = %(source)s AND i.value = ANY(%(values)s);

-- name: people
-- People by number.
SELECT person, card, own, survivor FROM person WHERE person = ANY(%(people)s);

-- name: survivors
-- The person each of these is one with now.
SELECT person, COALESCE(survivor, person) FROM person WHERE person = ANY(%(people)s);

-- name: taken_apart
-- Pairs of people an operator has separated.
SELECT absorbed, survivor FROM merge WHERE separated_at IS NOT NULL;

-- name: forgotten
-- Which of these hashes stand for a forgotten person, with every other hash of theirs.
SELECT hash, erased_at, seq FROM erased WHERE seq IN (
    SELECT seq FROM erased WHERE hash = ANY(%(hashes)s)
);

-- name: bodies
-- The bodies of facts that hold one.
SELECT seq, body FROM fact WHERE seq = ANY(%(seqs)s) AND body IS NOT NULL;

-- name: meta
-- A value the ledger keeps for itself.
SELECT value FROM meta WHERE name = %(name)s;

-- name: put_meta
-- Keep a value for the ledger itself, once.
INSERT INTO meta (name, value) VALUES (%(name)s, %(value)s) ON CONFLICT DO NOTHING;

-- name: add_facts
-- Append to the log.
COPY fact (
    seq, key, revision, kind, family, subject, occurred_at, recorded_at, is_imported, is_approximate, source,
    detail, ordinal, person, body_seq, body, raw, content, previous
) FROM STDIN (FORMAT BINARY);

-- name: put_subjects
-- Make these the current states.
INSERT INTO subject_state (
    subject, content, version, newest, person, raw_digest, kinds, is_erased
)
SELECT * FROM unnest(
    %b::text[], %b::bytea[], %b::bigint[], %b::bigint[], %b::bigint[], %b::bytea[], %b::text[], %b::boolean[]
)
ON CONFLICT (subject) DO UPDATE SET
    content = excluded.content, version = excluded.version, newest = excluded.newest, person = excluded.person,
    raw_digest = excluded.raw_digest, kinds = excluded.kinds, is_erased = excluded.is_erased;

-- name: put_people
-- Make these the current people.
INSERT INTO person (
    person, survivor, card, own
)
SELECT * FROM unnest(
    %b::bigint[], %b::bigint[], %b::text[], %b::text[]
)
ON CONFLICT (person) DO UPDATE SET
    survivor = excluded.survivor, card = excluded.card, own = excluded.own;

-- name: add_identifiers
-- Note who brought an identifier.
COPY identifier (
    kind, source, value, spelling, person, seq
) FROM STDIN (FORMAT BINARY);

-- name: move_identifiers
-- Give an identifier to another person.
UPDATE identifier SET person = %s, seq = %s WHERE kind = %s AND source = %s AND value = %s;

-- name: add_raws
-- Keep raw records.
COPY raw (
    raw, source, subject, person, received_at, is_loose, bytes
) FROM STDIN (FORMAT BINARY);

-- name: add_merges
-- Note that a person was joined into another.
INSERT INTO merge (absorbed, survivor, seq, merged_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (absorbed, survivor) DO UPDATE SET
    seq = excluded.seq, merged_at = excluded.merged_at, separated_at = NULL;

-- name: follow_merges
-- Whoever was joined into the absorbed is joined into the survivor.
UPDATE person SET survivor = %s WHERE survivor = %s;

-- name: lift
-- End an erasure's effect on later records.
DELETE FROM erased WHERE seq = %s;

-- name: add_source
-- Remember the name of a source.
INSERT INTO source (source) VALUES (%(source)s) ON CONFLICT DO NOTHING;

-- name: put_checkpoint
-- Commit a position in a stream of a source.
INSERT INTO checkpoint (source, stream, position) VALUES (%(source)s, %(stream)s, %(position)s)
ON CONFLICT (source, stream) DO UPDATE SET position = excluded.position;

-- name: checkpoints
-- The committed positions of a source.
SELECT stream, position FROM checkpoint WHERE source = %(source)s;

-- name: head
-- The newest sequence number.
SELECT COALESCE(MAX(seq), 0) FROM fact;

-- name: entries
-- The next facts of the log.
SELECT * FROM entry WHERE seq > %(after)s AND seq <= %(until)s ORDER BY seq LIMIT %(limit)s;

-- name: entries_of_family
-- The next facts of one family.
SELECT * FROM entry WHERE family = %(family)s AND seq > %(after)s AND seq <= %(until)s ORDER BY seq LIMIT %(limit)s;

-- name: entries_observed
-- The next facts that were not imported.
SELECT * FROM entry
WHERE NOT is_imported AND seq > %(after)s AND seq <= %(until)s
    AND (%(family)s::smallint IS NULL OR family = %(family)s::smallint)
ORDER BY seq LIMIT %(limit)s;

-- name: entries_at
-- These facts.
SELECT * FROM entry WHERE seq = ANY(%(seqs)s) ORDER BY seq;

-- name: earlier_of_people
-- Earlier facts about people, those joined into them included.
SELECT f.seq, f.family FROM fact f WHERE f.seq < %(before)s AND f.person IN (
    SELECT unnest(%(people)s::bigint[])
    UNION SELECT p.person FROM person p WHERE p.survivor = ANY(%(people)s)
);

-- name: earlier_of_subjects
-- Earlier facts about subjects.
SELECT seq, family FROM fact WHERE subject = ANY(%(subjects)s) AND seq < %(before)s;

-- name: sources
-- Every source that was ever recorded from.
SELECT source FROM source;

-- name: facts
-- A page of the log, filtered.
SELECT
    seq, key, revision, kind, subject, occurred_at, recorded_at, source, is_imported, is_approximate, detail, ordinal,
    family, body_seq, person, body
FROM entry
WHERE seq > %(after)s
    AND (%(since)s::bigint IS NULL OR occurred_at >= %(since)s::bigint)
    AND (%(until)s::bigint IS NULL OR occurred_at < %(until)s::bigint)
    AND (%(source)s::text IS NULL OR source = %(source)s)
    AND (%(kinds)s::text[] IS NULL OR kind = ANY(%(kinds)s::text[]) OR (%(is_custom)s AND kind LIKE 'custom.%%'))
ORDER BY seq LIMIT %(limit)s;

-- name: facts_of_subjects
-- The same of some subjects.
SELECT
    seq, key, revision, kind, subject, occurred_at, recorded_at, source, is_imported, is_approximate, detail, ordinal,
    family, body_seq, person, body
FROM entry
WHERE seq > %(after)s AND subject = ANY(%(subjects)s)
    AND (%(since)s::bigint IS NULL OR occurred_at >= %(since)s::bigint)
    AND (%(until)s::bigint IS NULL OR occurred_at < %(until)s::bigint)
    AND (%(source)s::text IS NULL OR source = %(source)s)
    AND (%(kinds)s::text[] IS NULL OR kind = ANY(%(kinds)s::text[]) OR (%(is_custom)s AND kind LIKE 'custom.%%'))
ORDER BY seq LIMIT %(limit)s;

-- name: facts_of_people_page
-- The same of some people.
SELECT
    seq, key, revision, kind, subject, occurred_at, recorded_at, source, is_imported, is_approximate, detail, ordinal,
    family, body_seq, person, body
FROM entry
WHERE seq > %(after)s AND seq IN (SELECT f.seq FROM fact f WHERE f.person = ANY(%(people)s))
    AND (%(since)s::bigint IS NULL OR occurred_at >= %(since)s::bigint)
    AND (%(until)s::bigint IS NULL OR occurred_at < %(until)s::bigint)
    AND (%(source)s::text IS NULL OR source = %(source)s)
    AND (%(kinds)s::text[] IS NULL OR kind = ANY(%(kinds)s::text[]) OR (%(is_custom)s AND kind LIKE 'custom.%%'))
ORDER BY seq LIMIT %(limit)s;

-- name: count_facts
-- Facts by kind and origin.
SELECT kind, is_imported, COUNT(*) FROM fact WHERE seq > %(after)s AND seq <= %(until)s GROUP BY kind, is_imported;

-- name: lease
-- Who may deliver to a destination.
SELECT holder, epoch, expires_at FROM lease WHERE destination = %(destination)s;

-- name: put_lease
-- Give the right to deliver.
INSERT INTO lease (destination, holder, epoch, expires_at)
VALUES (%(destination)s, %(holder)s, %(epoch)s, %(expires_at)s)
ON CONFLICT (destination) DO UPDATE SET
    holder = excluded.holder, epoch = excluded.epoch, expires_at = excluded.expires_at;

-- name: destination
-- What is remembered of a destination.
SELECT state FROM destination WHERE destination = %(destination)s;

-- name: destinations
-- All destinations.
SELECT destination FROM destination ORDER BY destination;

-- name: put_destination
-- Remember a destination.
INSERT INTO destination (destination, state) VALUES (%(destination)s, %(state)s)
ON CONFLICT (destination) DO UPDATE SET state = excluded.state;

-- name: cursors
-- The committed cursors of a destination.
SELECT stream, seq FROM cursor WHERE destination = %(destination)s;

-- name: put_cursors
-- Move cursors.
INSERT INTO cursor (destination, stream, seq) VALUES (%s, %s, %s)
ON CONFLICT (destination, stream) DO UPDATE SET seq = excluded.seq;

-- name: put_attempts
-- Keep requests with their members.
INSERT INTO attempt (
    destination, number, state, job, min_seq, max_seq, attempt, members, wire_ids
)
SELECT * FROM unnest(
    %b::text[], %b::bigint[], %b::text[], %b::text[], %b::bigint[], %b::bigint[], %b::text[], %b::bytea[],
    %b::bytea[]
)
ON CONFLICT (destination, number) DO UPDATE SET
    state = excluded.state, job = excluded.job, min_seq = excluded.min_seq, max_seq = excluded.max_seq,
    attempt = excluded.attempt, members = excluded.members, wire_ids = excluded.wire_ids;

-- name: attempts
-- A page of the requests of a destination.
SELECT attempt, members, wire_ids FROM attempt
WHERE destination = %(destination)s AND number > %(after)s ORDER BY number LIMIT %(limit)s;

-- name: attempts_in
-- The same of those in one state.
SELECT attempt, members, wire_ids FROM attempt
WHERE destination = %(destination)s AND state = %(state)s AND number > %(after)s ORDER BY number LIMIT %(limit)s;

-- name: attempts_awaited
-- The same of those whose later answer is awaited.
SELECT attempt, members, wire_ids FROM attempt
WHERE destination = %(destination)s AND job IS NOT NULL AND number > %(after)s ORDER BY number LIMIT %(limit)s;

-- name: attempts_beyond
-- Requests with a member beyond a sequence number.
SELECT attempt, members, wire_ids FROM attempt
WHERE destination = %(destination)s AND max_seq > %(seq)s ORDER BY number;

-- name: last_attempt
-- The greatest number of a request.
SELECT COALESCE(MAX(number), 0) FROM attempt WHERE destination = %(destination)s;

-- name: newest_attempt
-- The newest request in one state.
SELECT attempt, members, wire_ids FROM attempt
WHERE destination = %(destination)s AND state = %(state)s ORDER BY number DESC LIMIT 1;

-- name: put_exemptions
-- Keep the disposition of facts that are not plainly accepted.
INSERT INTO exemption (
    destination, seq, disposition, reason, attempt, tries, due_at, decided_at, settings_version, parts_done
)
SELECT * FROM unnest(
    %b::text[], %b::bigint[], %b::text[], %b::text[], %b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[],
    %b::bigint[], %b::text[]
)
ON CONFLICT (destination, seq) DO UPDATE SET
    disposition = excluded.disposition, reason = excluded.reason, attempt = excluded.attempt,
    tries = excluded.tries, due_at = excluded.due_at, decided_at = excluded.decided_at,
    settings_version = excluded.settings_version, parts_done = excluded.parts_done;

-- name: clear_exemptions
-- Settle them.
DELETE FROM exemption e USING unnest(%b::text[], %b::bigint[]) AS cleared (destination, seq)
WHERE e.destination = cleared.destination AND e.seq = cleared.seq;

-- name: exemptions
-- A page of exemptions.
SELECT seq, disposition, reason, attempt, tries, due_at, decided_at, settings_version, parts_done
FROM exemption
WHERE destination = %(destination)s AND seq > %(after)s ORDER BY seq LIMIT %(limit)s;

-- name: exemptions_at
-- Exemptions of some facts.
SELECT seq, disposition, reason, attempt, tries, due_at, decided_at, settings_version, parts_done
FROM exemption
WHERE destination = %(destination)s AND seq = ANY(%(seqs)s) AND seq > %(after)s
    AND (%(dispositions)s::text[] IS NULL OR disposition = ANY(%(dispositions)s::text[]))
    AND (%(due_before)s::bigint IS NULL OR due_at <= %(due_before)s::bigint)
ORDER BY seq LIMIT %(limit)s;

-- name: exemptions_due
-- Exemptions whose time has come.
SELECT seq, disposition, reason, attempt, tries, due_at, decided_at, settings_version, parts_done
FROM exemption
WHERE destination = %(destination)s AND due_at IS NOT NULL AND due_at <= %(due_before)s AND seq > %(after)s
    AND (%(dispositions)s::text[] IS NULL OR disposition = ANY(%(dispositions)s::text[]))
ORDER BY seq LIMIT %(limit)s;

-- name: exemptions_of
-- Exemptions of one disposition or several.
SELECT seq, disposition, reason, attempt, tries, due_at, decided_at, settings_version, parts_done
FROM exemption
WHERE destination = %(destination)s AND disposition = ANY(%(dispositions)s::text[]) AND seq > %(after)s
ORDER BY seq LIMIT %(limit)s;

-- name: put_marks
-- Move marks forward.
INSERT INTO mark (
    destination, subject, seq, mark
)
SELECT * FROM unnest(
    %b::text[], %b::text[], %b::bigint[], %b::text[]
)
ON CONFLICT (destination, subject) DO UPDATE SET
    seq = excluded.seq, mark = excluded.mark
WHERE excluded.seq >= mark.seq;

-- name: marks
-- The marks of subjects.
SELECT subject, mark FROM mark
WHERE destination = %(destination)s AND subject = ANY(%(subjects)s);

-- name: all_families
-- The family of every fact, in order.
SELECT family, seq FROM fact WHERE seq <= %(head)s;

-- name: all_exemptions
-- The disposition of every exempt fact.
SELECT seq, disposition FROM exemption WHERE destination = %(destination)s;

-- name: all_members
-- The members of every request.
SELECT state, members, attempt FROM attempt WHERE destination = %(destination)s;

-- name: person_row
-- A person and whom they are one with.
SELECT person, card, own, survivor FROM person WHERE person = %(person)s;

-- name: joined_into
-- People joined into a person.
SELECT person, card, own, survivor FROM person WHERE survivor = %(person)s ORDER BY person;

-- name: holders_of_external_id
-- People who go by an external id at some source.
SELECT COALESCE(p.survivor, p.person) FROM identifier i JOIN person p ON p.person = i.person
WHERE i.kind = 'external_id' AND i.value = %(value)s ORDER BY i.source LIMIT 1;

-- name: identifiers_of
-- The identifiers of people, in the order they came.
SELECT kind, spelling, source, seq, value, person FROM identifier
WHERE person = ANY(%(people)s) ORDER BY seq, kind, source, value;

-- name: facts_of_people
-- Every fact about people.
SELECT
    seq, key, revision, kind, subject, occurred_at, recorded_at, source, is_imported, is_approximate, detail, ordinal,
    family, body_seq, person, body
FROM entry WHERE seq IN (
    SELECT seq FROM fact WHERE person = ANY(%(people)s)
) ORDER BY seq;

-- name: facts_to_forget
-- Every fact about people, and those about their things that name nobody.
SELECT
    seq, key, revision, kind, subject, occurred_at, recorded_at, source, is_imported, is_approximate, detail, ordinal,
    family, body_seq, person, body
FROM entry WHERE seq IN (
    SELECT seq FROM fact WHERE person = ANY(%(people)s)
    UNION
    SELECT o.seq FROM fact f JOIN fact o ON o.subject = f.subject
    WHERE f.person = ANY(%(people)s) AND o.person IS NULL
) ORDER BY seq;

-- name: merges_into
-- Joins in force into a person, oldest first.
SELECT absorbed, survivor, seq FROM merge WHERE survivor = %(person)s AND separated_at IS NULL ORDER BY seq, absorbed;

-- name: merge_of
-- The join in force that took a person up.
SELECT absorbed, survivor, seq FROM merge WHERE absorbed = %(person)s AND separated_at IS NULL;

-- name: joins_of
-- Every join of people, those that were undone included.
SELECT absorbed, survivor, seq, merged_at, separated_at FROM merge
WHERE absorbed = ANY(%(people)s) OR survivor = ANY(%(people)s)
ORDER BY seq, absorbed;

-- name: separate
-- Note that two people were taken apart.
UPDATE merge SET separated_at = %(at)s WHERE absorbed = %(absorbed)s AND survivor = %(survivor)s;

-- name: blank_facts
-- Take the personal bytes out of facts.
UPDATE fact SET
    key = %s, subject = %s, occurred_at = %s, money = %s, currency = %s, body = NULL, content = NULL
WHERE seq = %s;

-- name: blank_raws_of_facts
-- Take the bytes out of the raw records that facts were read from.
UPDATE raw SET bytes = NULL, subject = '' WHERE raw IN (
    SELECT raw FROM fact WHERE seq = ANY(%(seqs)s)
);

-- name: blank_loose_raws
-- Take the bytes out of raw records of people that became no fact.
UPDATE raw SET bytes = NULL, subject = '' WHERE is_loose AND person = ANY(%(people)s);

-- name: blank_reasons
-- Take the words out of exemptions of facts.
UPDATE exemption SET reason = '' WHERE seq = ANY(%(seqs)s);

-- name: blank_subjects
-- Keep the states of people's things only as ones that are not to be recorded any more.
UPDATE subject_state SET content = '', raw_digest = '', is_erased = TRUE
WHERE subject IN (SELECT f.subject FROM fact f WHERE f.person = ANY(%(people)s)) AND person = ANY(%(people)s);

-- name: drop_subjects
-- Forget the states whose very name is personal.
DELETE FROM subject_state WHERE subject = ANY(%(subjects)s);

-- name: drop_identifiers
-- Forget the identifiers of people.
DELETE FROM identifier WHERE person = ANY(%(people)s);

-- name: add_erased
-- Remember the hash of an identifier that is not to come back.
INSERT INTO erased (hash, erased_at, seq) VALUES (%s, %s, %s)
ON CONFLICT (hash) DO UPDATE SET erased_at = excluded.erased_at, seq = excluded.seq;

-- name: raws
-- A page of the raw records of a source.
SELECT raw, subject, bytes FROM raw
WHERE source = %(source)s AND raw > %(after)s AND bytes IS NOT NULL ORDER BY raw LIMIT %(limit)s;

-- name: refused
-- A page of the refused records of a source in one stream.
SELECT key, place, problem, remedy, is_whole, is_imported, first_at, last_at, times, raw FROM refused
WHERE source = %(source)s AND stream = %(stream)s AND key > %(after)s AND raw IS NOT NULL
ORDER BY key LIMIT %(limit)s;

-- name: refused_counts
-- How many records of each stream of each source are refused, or were first refused since an instant.
SELECT source, stream, COUNT(*) FROM refused
WHERE raw IS NOT NULL AND (%(since)s::bigint IS NULL OR first_at >= %(since)s)
GROUP BY source, stream ORDER BY source, stream;

-- name: refused_among
-- Which of these are refused already.
SELECT key FROM refused
WHERE source = %(source)s AND stream = %(stream)s AND key = ANY(%(keys)s);

-- name: put_refused
-- Keep refused records, each once.
INSERT INTO refused (
    source, stream, key, place, problem, remedy, is_whole, is_imported, first_at, last_at, times, names, raw
) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (source, stream, key) DO UPDATE SET
    place = excluded.place, problem = excluded.problem, remedy = excluded.remedy, is_whole = excluded.is_whole,
    is_imported = (refused.is_imported OR excluded.is_imported), last_at = excluded.last_at,
    times = refused.times + excluded.times, raw = excluded.raw,
    names = CASE excluded.names WHEN '[]' THEN refused.names ELSE excluded.names END;

-- name: drop_refused
-- Records that are refused no more.
DELETE FROM refused WHERE source = %s AND stream = %s AND key = %s;

-- name: all_refused
-- Every refused record with whom it seems to name.
SELECT source, stream, key, place, problem, remedy, is_whole, is_imported, first_at, last_at, times, names, raw
FROM refused WHERE raw IS NOT NULL;

-- name: writers_turn
-- Wait for the turn to write; it ends with the transaction.
SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ':' || %(scope)s, 0));

-- name: now
-- The server's clock, in microseconds.
SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;

-- name: erased_amounts
-- The money of blanked facts.
SELECT seq, money, currency FROM fact WHERE money IS NOT NULL ORDER BY seq;
