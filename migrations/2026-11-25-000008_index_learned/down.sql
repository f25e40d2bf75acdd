DROP INDEX CONCURRENTLY jobs_learned_idx;
