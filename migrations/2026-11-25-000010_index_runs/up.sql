-- The runs, the newest first: a handful of rows among all jobs.
CREATE INDEX CONCURRENTLY IF NOT EXISTS jobs_runs_idx ON jobs (created_at, id) WHERE kind = 'classification_run';
