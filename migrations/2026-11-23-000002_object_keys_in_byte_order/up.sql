-- Rows in the order in which an object store lists their objects (the order of bytes), whatever the locale of the database:
-- `docuvault verify` walks along both at once, page by page, on the index of the UNIQUE constraint.
-- Rewrites that index, not the table.
ALTER TABLE documents ALTER COLUMN object_key TYPE text COLLATE "C";
