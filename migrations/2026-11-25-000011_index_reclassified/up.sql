-- What a run has changed, in the order in which it did: for taking that back.
CREATE INDEX CONCURRENTLY IF NOT EXISTS audit_log_reclassified_idx ON audit_log ((detail ->> 'run_id'), id)
    WHERE action = 'document.reclassified';
