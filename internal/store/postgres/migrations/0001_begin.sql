-- The first schema. docs/storage.md says of each column what it holds and for how long.
-- Times are Unix milliseconds; NULL: never. Text is compared byte by byte, whatever the database's own order is.

CREATE TABLE users (
	email_verified_at BIGINT,
	created_at        BIGINT NOT NULL,
	disabled_at       BIGINT,
	deleted_at        BIGINT,
	not_before        BIGINT NOT NULL, -- Unix seconds
	id                TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
	email_key         TEXT   COLLATE "C" NOT NULL,
	email             TEXT   NOT NULL,
	name              TEXT   NOT NULL,
	password          TEXT   COLLATE "C" NOT NULL,
	roles             TEXT   NOT NULL CHECK (roles LIKE '[%]'), -- JSON array
	CONSTRAINT users_email_key UNIQUE (email_key)
);

CREATE INDEX users_deleted ON users (deleted_at) WHERE deleted_at IS NOT NULL;

-- Numbers first and texts last, so that no byte is lost to alignment: there is one row a sign-in.
-- A refresh finds room for the new row on the page of the old one, and touches no index.
CREATE TABLE sessions (
	generation      BIGINT  NOT NULL CHECK (generation BETWEEN 0 AND 4294967294),
	rotated_at      BIGINT,
	created_at      BIGINT  NOT NULL,
	last_used_at    BIGINT  NOT NULL,
	idle_limit      BIGINT  NOT NULL, -- milliseconds
	expires_at      BIGINT  NOT NULL,
	auth_time       BIGINT  NOT NULL,
	ended_at        BIGINT,
	sweep_at        BIGINT  NOT NULL,
	not_before      BIGINT  NOT NULL DEFAULT 0, -- Unix seconds
	forks           INTEGER NOT NULL,
	parent_forked   BOOLEAN NOT NULL,
	remember        BOOLEAN NOT NULL,
	nonce           BYTEA   NOT NULL CHECK (octet_length(nonce) = 8),
	parent          BYTEA   NOT NULL CHECK (octet_length(parent) = 8),
	id              TEXT    COLLATE "C" NOT NULL PRIMARY KEY CHECK (octet_length(id) = 22),
	user_id         TEXT    COLLATE "C" NOT NULL REFERENCES users (id),
	created_ip      TEXT    NOT NULL,
	created_agent   TEXT    NOT NULL,
	last_used_ip    TEXT    NOT NULL,
	last_used_agent TEXT    NOT NULL,
	acr             TEXT    NOT NULL,
	amr             TEXT    NOT NULL CHECK (amr LIKE '[%]'), -- JSON array
	end_reason      TEXT    NOT NULL CHECK ((end_reason = '') = (ended_at IS NULL)),
	ended_by        TEXT    NOT NULL
) WITH (fillfactor = 70);

-- A refresh must change no index: none of these columns is one that it writes.
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_sweep ON sessions (sweep_at);

CREATE TABLE revocations (
	seq        BIGINT NOT NULL PRIMARY KEY,
	at         BIGINT NOT NULL,
	not_before BIGINT NOT NULL, -- Unix seconds
	expires    BIGINT NOT NULL, -- Unix seconds
	kind       TEXT   NOT NULL,
	id         TEXT   NOT NULL
);

CREATE TABLE revocation_head (
	one_row    INTEGER NOT NULL PRIMARY KEY CHECK (one_row = 1),
	epoch      BIGINT  NOT NULL,
	seq        BIGINT  NOT NULL,
	not_before BIGINT  NOT NULL -- Unix seconds
) WITH (fillfactor = 10);

-- The log begins with the database.
INSERT INTO revocation_head SELECT 1, applied_at, 0, 0 FROM migrations WHERE number = 1;

CREATE TABLE signing_keys (
	created_at  BIGINT NOT NULL,
	active_from BIGINT NOT NULL,
	id          TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
	algorithm   TEXT   NOT NULL,
	sealed      BYTEA  NOT NULL
);

CREATE TABLE services (
	created_at BIGINT NOT NULL,
	used_at    BIGINT,
	revoked_at BIGINT,
	id         TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
	name       TEXT   COLLATE "C" NOT NULL,
	hash       BYTEA  NOT NULL CHECK (octet_length(hash) = 32)
);

CREATE UNIQUE INDEX services_by_name ON services (name) WHERE revoked_at IS NULL;

CREATE TABLE metadata (
	name  TEXT  COLLATE "C" NOT NULL PRIMARY KEY,
	value BYTEA NOT NULL CHECK (octet_length(value) > 0)
);
