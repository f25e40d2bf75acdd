ALTER INDEX documents_filename_trgm_idx RESET (gin_pending_list_limit);
ALTER INDEX documents_search_idx RESET (gin_pending_list_limit);
