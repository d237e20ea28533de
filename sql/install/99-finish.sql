-- Tells PostgREST that there are new functions.

NOTIFY pgrst, 'reload schema';
