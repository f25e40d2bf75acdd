-- The same conditions in other words. PostgreSQL keeps a CHECK as text and reads all of a table's anew for each statement that
-- writes to it. `IN ('a', 'b')` is an expression for each value then, and a list that is put together each time; as one value
-- it is read and done. Rows that are there are looked at by the next migration: nobody waits for that one.
ALTER TABLE documents
    DROP CONSTRAINT documents_status_check,
    ADD CONSTRAINT documents_status_check
        CHECK (status = ANY ('{pending, processing, ready, needs_review, failed}'::text[])) NOT VALID,
    DROP CONSTRAINT documents_text_source_check,
    ADD CONSTRAINT documents_text_source_check
        CHECK (text_source = ANY ('{embedded, ocr, mixed, none}'::text[])) NOT VALID;
ALTER TABLE document_topics
    DROP CONSTRAINT document_topics_source_check,
    ADD CONSTRAINT document_topics_source_check CHECK (source = ANY ('{ai, user}'::text[])) NOT VALID;
ALTER TABLE jobs
    DROP CONSTRAINT jobs_kind_check,
    ADD CONSTRAINT jobs_kind_check
        CHECK (kind = ANY ('{process_document, learn, classification_run}'::text[])) NOT VALID,
    DROP CONSTRAINT jobs_state_check,
    ADD CONSTRAINT jobs_state_check CHECK (state = ANY ('{queued, running, done, dead}'::text[])) NOT VALID;
ALTER TABLE audit_log
    DROP CONSTRAINT audit_log_actor_check,
    ADD CONSTRAINT audit_log_actor_check CHECK (actor = ANY ('{user, worker, operator}'::text[])) NOT VALID,
    DROP CONSTRAINT audit_log_subject_type_check,
    ADD CONSTRAINT audit_log_subject_type_check
        CHECK (subject_type = ANY ('{document, topic, job, folder, share, user, group, cloud_connection}'::text[])) NOT VALID;
