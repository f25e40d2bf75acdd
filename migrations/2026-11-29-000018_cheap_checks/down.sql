ALTER TABLE documents
    DROP CONSTRAINT documents_status_check,
    ADD CONSTRAINT documents_status_check CHECK (status IN ('pending', 'processing', 'ready', 'needs_review', 'failed')),
    DROP CONSTRAINT documents_text_source_check,
    ADD CONSTRAINT documents_text_source_check CHECK (text_source IN ('embedded', 'ocr', 'mixed', 'none'));
ALTER TABLE document_topics
    DROP CONSTRAINT document_topics_source_check,
    ADD CONSTRAINT document_topics_source_check CHECK (source IN ('ai', 'user'));
ALTER TABLE jobs
    DROP CONSTRAINT jobs_kind_check,
    ADD CONSTRAINT jobs_kind_check CHECK (kind IN ('process_document', 'learn', 'classification_run')),
    DROP CONSTRAINT jobs_state_check,
    ADD CONSTRAINT jobs_state_check CHECK (state IN ('queued', 'running', 'done', 'dead'));
ALTER TABLE audit_log
    DROP CONSTRAINT audit_log_actor_check,
    ADD CONSTRAINT audit_log_actor_check CHECK (actor IN ('user', 'worker', 'operator')),
    DROP CONSTRAINT audit_log_subject_type_check,
    ADD CONSTRAINT audit_log_subject_type_check
        CHECK (subject_type IN ('document', 'topic', 'job', 'folder', 'share', 'user', 'group', 'cloud_connection'));
