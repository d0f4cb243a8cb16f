-- The first schema. docs/storage.md says of each column what it holds and for how long.
-- Times are Unix milliseconds; NULL: never.

CREATE TABLE users (
	id                TEXT    NOT NULL PRIMARY KEY,
	email             TEXT    NOT NULL,
	email_key         TEXT    NOT NULL UNIQUE,
	email_verified_at INTEGER,
	name              TEXT    NOT NULL,
	password          TEXT    NOT NULL,
	roles             TEXT    NOT NULL CHECK (json_type(roles) = 'array'),
	created_at        INTEGER NOT NULL,
	disabled_at       INTEGER,
	deleted_at        INTEGER,
	not_before        INTEGER NOT NULL -- Unix seconds
) STRICT;

CREATE INDEX users_deleted ON users (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE sessions (
	id              TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 22),
	user_id         TEXT    NOT NULL REFERENCES users (id),

	generation      INTEGER NOT NULL CHECK (generation BETWEEN 0 AND 4294967294),
	nonce           BLOB    NOT NULL CHECK (length(nonce) = 8),
	parent          BLOB    NOT NULL CHECK (length(parent) = 8),
	parent_forked   INTEGER NOT NULL CHECK (parent_forked IN (0, 1)),
	forks           INTEGER NOT NULL,
	rotated_at      INTEGER,

	created_at      INTEGER NOT NULL,
	created_ip      TEXT    NOT NULL,
	created_agent   TEXT    NOT NULL,
	last_used_at    INTEGER NOT NULL,
	last_used_ip    TEXT    NOT NULL,
	last_used_agent TEXT    NOT NULL,

	idle_limit      INTEGER NOT NULL, -- milliseconds
	expires_at      INTEGER NOT NULL,
	auth_time       INTEGER NOT NULL,
	amr             TEXT    NOT NULL CHECK (json_type(amr) = 'array'),
	acr             TEXT    NOT NULL,
	remember        INTEGER NOT NULL CHECK (remember IN (0, 1)),

	ended_at        INTEGER,
	end_reason      TEXT    NOT NULL CHECK ((end_reason = '') = (ended_at IS NULL)),
	ended_by        TEXT    NOT NULL,

	sweep_at        INTEGER NOT NULL
) STRICT;

-- A refresh must change no index: none of these columns is one that it writes.
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_sweep ON sessions (sweep_at);

CREATE TABLE revocations (
	seq        INTEGER NOT NULL PRIMARY KEY,
	at         INTEGER NOT NULL,
	kind       TEXT    NOT NULL,
	id         TEXT    NOT NULL,
	not_before INTEGER NOT NULL, -- Unix seconds
	expires    INTEGER NOT NULL  -- Unix seconds
) STRICT;

CREATE TABLE revocation_head (
	one_row    INTEGER NOT NULL PRIMARY KEY CHECK (one_row = 1),
	epoch      INTEGER NOT NULL,
	seq        INTEGER NOT NULL,
	not_before INTEGER NOT NULL -- Unix seconds
) STRICT;

-- The log begins with the database.
INSERT INTO revocation_head SELECT 1, applied_at, 0, 0 FROM migrations WHERE number = 1;

CREATE TABLE signing_keys (
	id          TEXT    NOT NULL PRIMARY KEY,
	algorithm   TEXT    NOT NULL,
	sealed      BLOB    NOT NULL,
	created_at  INTEGER NOT NULL,
	active_from INTEGER NOT NULL
) STRICT;

CREATE TABLE services (
	id         TEXT    NOT NULL PRIMARY KEY,
	name       TEXT    NOT NULL,
	hash       BLOB    NOT NULL CHECK (length(hash) = 32),
	created_at INTEGER NOT NULL,
	used_at    INTEGER,
	revoked_at INTEGER
) STRICT;

CREATE UNIQUE INDEX services_by_name ON services (name) WHERE revoked_at IS NULL;

CREATE TABLE metadata (
	name  TEXT NOT NULL PRIMARY KEY,
	value BLOB NOT NULL CHECK (length(value) > 0)
) STRICT;
