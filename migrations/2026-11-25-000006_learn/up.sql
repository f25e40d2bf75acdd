-- Learning is a job without a document. Its result is what the provider `local` has learned: some MB that every worker
-- loads. Here, not in the bucket: a model is committed with what it was made from, goes into the same backup, and has no
-- key that could be left behind. Only the newest two are kept.
ALTER TABLE jobs DROP CONSTRAINT jobs_kind_check;
ALTER TABLE jobs ADD CONSTRAINT jobs_kind_check CHECK (kind IN ('process_document', 'learn'));
ALTER TABLE jobs
    ADD COLUMN model        bytea,
    -- In words that change when that does: nothing new, nothing to learn.
    ADD COLUMN learned_from text CHECK (length(learned_from) BETWEEN 1 AND 500),
    ADD CONSTRAINT jobs_model_check CHECK ((kind = 'learn') = (model IS NOT NULL) AND (kind = 'learn') = (learned_from IS NOT NULL));
