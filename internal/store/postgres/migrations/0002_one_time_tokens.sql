-- What letters carry. A user has at most one token for each purpose.

CREATE TABLE one_time_tokens (
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	hash       BYTEA  NOT NULL PRIMARY KEY CHECK (octet_length(hash) = 32),
	user_id    TEXT   COLLATE "C" NOT NULL REFERENCES users (id),
	purpose    TEXT   COLLATE "C" NOT NULL,
	email      TEXT   NOT NULL,
	UNIQUE (user_id, purpose)
);

CREATE INDEX one_time_tokens_by_expiry ON one_time_tokens (expires_at);
