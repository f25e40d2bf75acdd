-- Looks at all rows, and lets everybody go on reading and writing meanwhile.
ALTER TABLE documents VALIDATE CONSTRAINT documents_status_check, VALIDATE CONSTRAINT documents_text_source_check;
ALTER TABLE document_topics VALIDATE CONSTRAINT document_topics_source_check;
ALTER TABLE jobs VALIDATE CONSTRAINT jobs_kind_check, VALIDATE CONSTRAINT jobs_state_check;
ALTER TABLE audit_log VALIDATE CONSTRAINT audit_log_actor_check, VALIDATE CONSTRAINT audit_log_subject_type_check;
