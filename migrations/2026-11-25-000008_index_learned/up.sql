-- What was learned, the newest first: a handful of rows among all jobs.
CREATE INDEX CONCURRENTLY IF NOT EXISTS jobs_learned_idx ON jobs (id) WHERE kind = 'learn';
