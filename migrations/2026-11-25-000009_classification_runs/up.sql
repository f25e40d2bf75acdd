-- Sorting many documents anew, and taking that back, is a job without a document of its own. What it is to do and how far
-- it has come stands in one value, which only the job itself reads.
ALTER TABLE jobs DROP CONSTRAINT jobs_kind_check;
ALTER TABLE jobs ADD CONSTRAINT jobs_kind_check CHECK (kind IN ('process_document', 'learn', 'classification_run'));
ALTER TABLE jobs
    ADD COLUMN run jsonb,
    ADD CONSTRAINT jobs_run_check CHECK ((kind = 'classification_run') = (run IS NOT NULL));
