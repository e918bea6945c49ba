-- Large files on their way in (分片上传). How far one is, its file on the disk says; a digest is there once it is whole.
CREATE TABLE uploads (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    party TEXT COLLATE "C" NOT NULL,
    bytes BIGINT NOT NULL,
    metadata TEXT COLLATE "C" NOT NULL,
    created_at_us BIGINT NOT NULL,
    expires_at_us BIGINT NOT NULL,
    sha256 TEXT COLLATE "C"
);
CREATE INDEX uploads_party ON uploads (party);
CREATE INDEX uploads_expiry ON uploads (expires_at_us);
