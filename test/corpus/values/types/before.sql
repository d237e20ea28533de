-- A table with columns of types that have modifiers, domains, and columns that the database fills.
CREATE DOMAIN percent AS integer CONSTRAINT at_most_100 CHECK (VALUE <= 100);
CREATE DOMAIN flags AS bit(3);
CREATE TABLE things (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL,
    bits bit(3),
    bits_3 varbit(3),
    flag flags,
    at time(0),
    zoned timetz(1),
    took interval(0),
    hours interval hour,
    code_3 char(3),
    share percent,
    sum numeric(8,2),
    shown text GENERATED ALWAYS AS ('x') STORED,
    counter integer GENERATED ALWAYS AS IDENTITY (MINVALUE 1 MAXVALUE 2 INCREMENT 2 CYCLE)
);
SELECT eryxon_attach('things', 'things');
SELECT eryxon_map_field('things', field, '{}')
  FROM unnest('{bits,bits_3,flag,at,zoned,took,hours,code_3,share,sum,shown,counter}'::text[]) field;
