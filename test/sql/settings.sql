-- A session that has loaded the library may set its settings for the whole server, and knows every name.
LOAD 'eryxon_sync';
ALTER SYSTEM SET eryxon.hard_delete = off;
ALTER SYSTEM RESET eryxon.hard_delete;
SET eryxon.nothing = 1;
