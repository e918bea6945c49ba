-- Large files on their way in (分片上传). How far one is, its file on the disk says; a digest is there once it is whole.
CREATE TABLE resumable_uploads (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    party TEXT COLLATE "C" NOT NULL,
    bytes BIGINT NOT NULL,
    metadata TEXT COLLATE "C" NOT NULL,
    created_at_us BIGINT NOT NULL,
    expires_at_us BIGINT NOT NULL,
    sha256 TEXT COLLATE "C"
);
CREATE INDEX resumable_uploads_party ON resumable_uploads (party);
CREATE INDEX resumable_uploads_expiry ON resumable_uploads (expires_at_us);
