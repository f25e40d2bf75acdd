DROP INDEX CONCURRENTLY documents_examples_idx;
