DELETE FROM jobs WHERE kind = 'classification_run';
ALTER TABLE jobs DROP CONSTRAINT jobs_run_check, DROP COLUMN run, DROP CONSTRAINT jobs_kind_check;
ALTER TABLE jobs ADD CONSTRAINT jobs_kind_check CHECK (kind IN ('process_document', 'learn'));
