DELETE FROM jobs WHERE kind = 'learn';
ALTER TABLE jobs DROP CONSTRAINT jobs_model_check, DROP COLUMN learned_from, DROP COLUMN model, DROP CONSTRAINT jobs_kind_check;
ALTER TABLE jobs ADD CONSTRAINT jobs_kind_check CHECK (kind IN ('process_document'));
