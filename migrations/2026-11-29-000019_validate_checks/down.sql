-- What is true of all rows stays true: nothing to take back.
SELECT 1;
