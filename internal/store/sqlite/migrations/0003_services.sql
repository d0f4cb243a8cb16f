-- The keys of services, and the cut-off that users begin with who sign up after everything was ended.

CREATE TABLE services (
	id         TEXT    NOT NULL PRIMARY KEY,
	name       TEXT    NOT NULL,
	hash       BLOB    NOT NULL CHECK (length(hash) = 32),
	created_at INTEGER NOT NULL,
	used_at    INTEGER,
	revoked_at INTEGER
) STRICT;

CREATE UNIQUE INDEX services_by_name ON services (name) WHERE revoked_at IS NULL;

ALTER TABLE revocation_head ADD COLUMN not_before INTEGER NOT NULL DEFAULT 0; -- Unix seconds
