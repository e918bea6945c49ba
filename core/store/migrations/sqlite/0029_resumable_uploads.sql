-- Large files on their way in (分片上传). How far one is, its file on the disk says; a digest is there once it is whole.
CREATE TABLE resumable_uploads (
    id TEXT NOT NULL PRIMARY KEY,
    party TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    metadata TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    expires_at_us INTEGER NOT NULL,
    sha256 TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX resumable_uploads_party ON resumable_uploads (party);
CREATE INDEX resumable_uploads_expiry ON resumable_uploads (expires_at_us);
