-- The tree of a function's layers, which may be gone themselves by the time it is called.
ALTER TABLE function_revisions ADD COLUMN layers TEXT NOT NULL DEFAULT '';

-- What is kept beside a function under a name: triggers by their own, configurations by the qualifier that they are for. None of it is
-- part of versions; versions of layers are here, too; a configuration may be there before what it is for.
CREATE TABLE documents (
    kind        TEXT NOT NULL,
    service     TEXT NOT NULL,
    function    TEXT NOT NULL,
    name        TEXT NOT NULL,
    body        TEXT NOT NULL, -- JSON, settings_json.cc
    id          TEXT NOT NULL,
    created_ms  INTEGER NOT NULL,
    modified_ms INTEGER NOT NULL,
    etag        TEXT NOT NULL,
    PRIMARY KEY (kind, service, function, name)
) STRICT, WITHOUT ROWID;
