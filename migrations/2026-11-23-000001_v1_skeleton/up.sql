-- The whole v1 skeleton (D-01, D-02): later migrations add data and constraints, not tables.
-- Ids are made by the application (UUID v7, so that they sort by time); PostgreSQL 15 has no uuidv7().

CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;

-- Words as they stand, without accents: the vault holds many languages, and a stemmer of one mangles the others.
-- A configuration of our own keeps to_tsvector immutable, which a generated column needs.
CREATE TEXT SEARCH CONFIGURATION docuvault (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION docuvault
    ALTER MAPPING FOR hword, hword_part, word WITH unaccent, simple;

-- What a person types, as a query: quotes, `or` and `-` as in a web search, and the last word also as a beginning, so that
-- "invo" finds "invoice" while one types and "invoice" finds "invoices". A word that is left out with `-` is that word.
CREATE FUNCTION search_query(typed text) RETURNS tsquery LANGUAGE sql STABLE PARALLEL SAFE RETURN (
    SELECT CASE WHEN query::text LIKE '%''' AND query::text !~ '!''[^'']*''$' THEN (query::text || ':*')::tsquery ELSE query END
    FROM websearch_to_tsquery('docuvault', typed) AS query
);

-- ── People (no login yet: these stand empty) ────────────────────────────────────────────────────────────────────────

CREATE TABLE users (
    id            uuid PRIMARY KEY,
    email         text NOT NULL CHECK (length(email) BETWEEN 3 AND 320),
    display_name  text NOT NULL CHECK (length(display_name) BETWEEN 1 AND 200),
    password_hash text,
    role          text NOT NULL DEFAULT 'member' CHECK (role IN ('admin', 'member')),
    is_active     boolean NOT NULL DEFAULT true,
    last_login_at timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX users_email_key ON users (lower(email));

CREATE TABLE refresh_tokens (
    id          uuid PRIMARY KEY,
    user_id     uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- SHA-256 of the token: the token itself is never stored.
    token_hash  bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    replaced_by uuid REFERENCES refresh_tokens (id) ON DELETE SET NULL,
    user_agent  text,
    ip_address  inet,
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL,
    revoked_at  timestamptz,
    CHECK (expires_at > created_at)
);
CREATE INDEX refresh_tokens_user_id_idx ON refresh_tokens (user_id);
CREATE INDEX refresh_tokens_replaced_by_idx ON refresh_tokens (replaced_by);

CREATE TABLE quotas (
    user_id        uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    max_bytes      bigint CHECK (max_bytes >= 0),
    max_documents  bigint CHECK (max_documents >= 0),
    used_bytes     bigint NOT NULL DEFAULT 0 CHECK (used_bytes >= 0),
    used_documents bigint NOT NULL DEFAULT 0 CHECK (used_documents >= 0),
    updated_at     timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE groups (
    id          uuid PRIMARY KEY,
    owner_id    uuid REFERENCES users (id) ON DELETE SET NULL,
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    description text NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX groups_name_key ON groups (lower(name));
CREATE INDEX groups_owner_id_idx ON groups (owner_id);

CREATE TABLE group_members (
    group_id   uuid NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role       text NOT NULL DEFAULT 'member' CHECK (role IN ('manager', 'member')),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (group_id, user_id)
);
CREATE INDEX group_members_user_id_idx ON group_members (user_id);

-- ── Documents ───────────────────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE folders (
    id         uuid PRIMARY KEY,
    user_id    uuid REFERENCES users (id) ON DELETE CASCADE,
    parent_id  uuid REFERENCES folders (id) ON DELETE CASCADE,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 255 AND name !~ '[/\\]'),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CHECK (parent_id <> id)
);
CREATE UNIQUE INDEX folders_name_key ON folders (user_id, parent_id, lower(name)) NULLS NOT DISTINCT;
CREATE INDEX folders_parent_id_idx ON folders (parent_id);

CREATE TABLE documents (
    id             uuid PRIMARY KEY,
    -- Nullable for now: there is no login yet (D-03).
    user_id        uuid REFERENCES users (id) ON DELETE RESTRICT,
    folder_id      uuid REFERENCES folders (id) ON DELETE SET NULL,
    filename       text NOT NULL CHECK (length(filename) BETWEEN 1 AND 255),
    title          text CHECK (length(title) BETWEEN 1 AND 500),
    content_type   text NOT NULL CHECK (length(content_type) BETWEEN 3 AND 255),
    -- D-06: {user_id}/{document_id}/{uuid4}{ext}, the nil UUID while there is no user. Never the file's name.
    object_key     text NOT NULL UNIQUE,
    size_bytes     bigint NOT NULL CHECK (size_bytes > 0),
    sha256         bytea NOT NULL CHECK (octet_length(sha256) = 32),
    -- Kept on purpose beside another document of the same bytes (on_duplicate=keep).
    is_copy        boolean NOT NULL DEFAULT false,
    status         text NOT NULL DEFAULT 'pending'
                   CHECK (status IN ('pending', 'processing', 'ready', 'needs_review', 'failed')),
    error_code     text,
    error_message  text,
    -- A person chose the topics (also when the choice was "none"): the AI leaves them alone from then on.
    topics_by_user boolean NOT NULL DEFAULT false,
    text           text,
    text_truncated boolean NOT NULL DEFAULT false,
    -- What the index is built from where the text is too long for one tsvector (1 MiB); null: the text itself.
    search_text    text,
    language       text CHECK (language ~ '^[a-z]{3}$'),
    page_count     integer CHECK (page_count >= 0),
    deleted_at     timestamptz,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    search         tsvector NOT NULL GENERATED ALWAYS AS (
                       setweight(to_tsvector('docuvault', coalesce(title, '')), 'A')
                       -- "tax_2025.pdf" is one token to the parser: its parts are what people look for.
                       || setweight(to_tsvector('docuvault', filename || ' ' || translate(filename, '._-', '   ')), 'B')
                       || to_tsvector('docuvault', coalesce(search_text, text, ''))
                   ) STORED,
    CONSTRAINT documents_object_key_check CHECK (
        object_key ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}(\.[a-z0-9]{1,10})?$'
    ),
    -- The key names its own row, and the owner it was put in under.
    CONSTRAINT documents_object_key_owner_check CHECK (
        split_part(object_key, '/', 2) = id::text
        AND (user_id IS NULL OR split_part(object_key, '/', 1) IN (user_id::text, '00000000-0000-0000-0000-000000000000'))
    ),
    CONSTRAINT documents_error_check CHECK ((error_code IS NULL) = (error_message IS NULL))
);
-- Two uploads of the same bytes at once: exactly one wins.
CREATE UNIQUE INDEX documents_sha256_key ON documents (user_id, sha256) NULLS NOT DISTINCT
    WHERE NOT is_copy AND deleted_at IS NULL;
CREATE INDEX documents_sha256_idx ON documents (sha256);
CREATE INDEX documents_folder_id_idx ON documents (folder_id);
CREATE INDEX documents_user_id_idx ON documents (user_id);
CREATE INDEX documents_created_idx ON documents (created_at, id);
CREATE INDEX documents_filename_idx ON documents (lower(filename), id);
CREATE INDEX documents_size_idx ON documents (size_bytes, id);
CREATE INDEX documents_status_idx ON documents (status, created_at, id);
CREATE INDEX documents_content_type_idx ON documents (content_type, created_at, id);
CREATE INDEX documents_search_idx ON documents USING gin (search);
CREATE INDEX documents_filename_trgm_idx ON documents USING gin (filename gin_trgm_ops);
CREATE INDEX documents_title_trgm_idx ON documents USING gin (title gin_trgm_ops);

CREATE TABLE topics (
    id          uuid PRIMARY KEY,
    user_id     uuid REFERENCES users (id) ON DELETE CASCADE,
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    description text NOT NULL DEFAULT '' CHECK (length(description) <= 4000),
    color       text NOT NULL DEFAULT '#64748b' CHECK (color ~ '^#[0-9a-f]{6}$'),
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX topics_name_key ON topics (user_id, lower(name)) NULLS NOT DISTINCT;

CREATE TABLE document_topics (
    document_id uuid NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    topic_id    uuid NOT NULL REFERENCES topics (id) ON DELETE CASCADE,
    source      text NOT NULL CHECK (source IN ('ai', 'user')),
    confidence  real CHECK (confidence BETWEEN 0 AND 1),
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (document_id, topic_id),
    CHECK ((source = 'ai') = (confidence IS NOT NULL))
);
CREATE INDEX document_topics_topic_id_idx ON document_topics (topic_id, document_id);

CREATE TABLE shares (
    id               uuid PRIMARY KEY,
    owner_id         uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    document_id      uuid REFERENCES documents (id) ON DELETE CASCADE,
    folder_id        uuid REFERENCES folders (id) ON DELETE CASCADE,
    grantee_user_id  uuid REFERENCES users (id) ON DELETE CASCADE,
    grantee_group_id uuid REFERENCES groups (id) ON DELETE CASCADE,
    -- SHA-256 of a link's token.
    link_token_hash  bytea UNIQUE CHECK (octet_length(link_token_hash) = 32),
    permission       text NOT NULL DEFAULT 'read' CHECK (permission IN ('read', 'write')),
    expires_at       timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT shares_one_subject CHECK (num_nonnulls(document_id, folder_id) = 1),
    CONSTRAINT shares_one_grantee CHECK (num_nonnulls(grantee_user_id, grantee_group_id, link_token_hash) = 1)
);
CREATE INDEX shares_owner_id_idx ON shares (owner_id);
CREATE INDEX shares_document_id_idx ON shares (document_id);
CREATE INDEX shares_folder_id_idx ON shares (folder_id);
CREATE INDEX shares_grantee_user_id_idx ON shares (grantee_user_id);
CREATE INDEX shares_grantee_group_id_idx ON shares (grantee_group_id);

CREATE TABLE cloud_connections (
    id                      uuid PRIMARY KEY,
    user_id                 uuid REFERENCES users (id) ON DELETE CASCADE,
    folder_id               uuid REFERENCES folders (id) ON DELETE SET NULL,
    provider                text NOT NULL CHECK (provider IN ('dropbox', 'google_drive', 'nextcloud', 'onedrive', 'webdav')),
    account_name            text NOT NULL CHECK (length(account_name) BETWEEN 1 AND 320),
    -- Encrypted with SECRET_KEY by the application.
    access_token_encrypted  bytea,
    refresh_token_encrypted bytea,
    token_expires_at        timestamptz,
    sync_cursor             text,
    status                  text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'paused', 'failed')),
    last_error              text,
    last_synced_at          timestamptz,
    created_at              timestamptz NOT NULL DEFAULT now(),
    updated_at              timestamptz NOT NULL DEFAULT now(),
    UNIQUE NULLS NOT DISTINCT (user_id, provider, account_name)
);
CREATE INDEX cloud_connections_folder_id_idx ON cloud_connections (folder_id);

-- ── Work ────────────────────────────────────────────────────────────────────────────────────────────────────────────

-- The truth about the queue; Redis only rings the bell. `running` holds a lease, and nothing else does.
CREATE TABLE jobs (
    id           uuid PRIMARY KEY,
    kind         text NOT NULL CHECK (kind IN ('process_document')),
    document_id  uuid REFERENCES documents (id) ON DELETE CASCADE,
    state        text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'dead')),
    attempts     integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    run_after    timestamptz NOT NULL DEFAULT now(),
    lease_owner  text,
    lease_until  timestamptz,
    last_error   text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT jobs_lease_check CHECK (
        (state = 'running') = (lease_owner IS NOT NULL) AND (state = 'running') = (lease_until IS NOT NULL)
    )
);
CREATE INDEX jobs_document_id_idx ON jobs (document_id);
-- One piece of work in the air for one document.
CREATE UNIQUE INDEX jobs_active_key ON jobs (document_id, kind) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_queued_idx ON jobs (run_after) WHERE state = 'queued';
CREATE INDEX jobs_lease_idx ON jobs (lease_until) WHERE state = 'running';
CREATE INDEX jobs_created_idx ON jobs (created_at, id);
CREATE INDEX jobs_state_idx ON jobs (state, created_at, id);

-- Work that one process at a time may do (the sweeps): the same lease as a job's, by name.
CREATE TABLE leases (
    name        text PRIMARY KEY,
    lease_owner text NOT NULL,
    lease_until timestamptz NOT NULL
);

-- ── What happened ───────────────────────────────────────────────────────────────────────────────────────────────────

-- Append-only: the application may insert and read. No foreign keys on purpose: a row outlives what it speaks of.
CREATE TABLE audit_log (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at           timestamptz NOT NULL DEFAULT now(),
    actor        text NOT NULL CHECK (actor IN ('user', 'worker', 'operator')),
    user_id      uuid,
    action       text NOT NULL CHECK (action ~ '^[a-z_]+\.[a-z_]+$'),
    subject_type text NOT NULL CHECK (subject_type IN ('document', 'topic', 'job', 'folder', 'share', 'user', 'group', 'cloud_connection')),
    subject_id   uuid NOT NULL,
    detail       jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_log_subject_idx ON audit_log (subject_id, id);
CREATE INDEX audit_log_at_idx ON audit_log (at);

-- ── What the application may do (D-13): data only ───────────────────────────────────────────────────────────────────

GRANT SELECT, INSERT, UPDATE, DELETE ON
    users, refresh_tokens, quotas, groups, group_members, folders, documents, topics, document_topics, shares,
    cloud_connections, jobs, leases
    TO docuvault_app;
GRANT SELECT, INSERT ON audit_log TO docuvault_app;
GRANT EXECUTE ON FUNCTION search_query(text) TO docuvault_app;
-- `serve` and `worker` look whether the schema is theirs before they start.
GRANT SELECT ON __diesel_schema_migrations TO docuvault_app;
