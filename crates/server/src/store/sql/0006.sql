-- Migration 6: groups of users and of services, and accesses that end.

CREATE TABLE groups (
    organisation_id INTEGER NOT NULL REFERENCES organisations,
    id              BLOB NOT NULL CHECK (length(id) = 16),
    kind            TEXT NOT NULL CHECK (kind IN ('user', 'service')),
    name            TEXT NOT NULL,
    name_key        TEXT NOT NULL,
    created         INTEGER NOT NULL,
    deleted         INTEGER,
    PRIMARY KEY (organisation_id, id)
) STRICT;
CREATE UNIQUE INDEX groups_by_name ON groups (organisation_id, kind, name_key) WHERE deleted IS NULL;

-- A group's kind says whether its members are users or services. Memberships outlive a deletion of
-- either end, so that `restore` brings back what was; whoever reads them asks both ends.
CREATE TABLE group_members (
    organisation_id INTEGER NOT NULL REFERENCES organisations,
    group_id        BLOB NOT NULL,
    member_id       BLOB NOT NULL,
    since           INTEGER NOT NULL,
    PRIMARY KEY (organisation_id, group_id, member_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_members_by_member ON group_members (organisation_id, member_id, group_id);

-- `accesses.user_id` may be a group of users from now on, `accesses.service_id` a group of services:
-- ids are 128 random bits, so one index serves both, and a program that knows no groups finds no user
-- of that id and refuses.
ALTER TABLE accesses ADD COLUMN until INTEGER;      -- the first instant at which it allows nothing
CREATE INDEX accesses_by_end ON accesses (organisation_id, until) WHERE until IS NOT NULL AND deleted IS NULL;
