-- What letters carry. A user has at most one token for each purpose.

CREATE TABLE one_time_tokens (
	hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
	user_id    TEXT    NOT NULL REFERENCES users (id),
	purpose    TEXT    NOT NULL,
	email      TEXT    NOT NULL,
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	UNIQUE (user_id, purpose)
) STRICT;

CREATE INDEX one_time_tokens_by_expiry ON one_time_tokens (expires_at);
