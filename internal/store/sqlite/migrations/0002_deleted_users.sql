-- A deleted user's row stays, empty, until the last of its sessions' rows is swept.

ALTER TABLE users ADD COLUMN deleted_at INTEGER;

CREATE INDEX users_deleted ON users (deleted_at) WHERE deleted_at IS NOT NULL;
