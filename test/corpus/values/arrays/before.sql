-- A table with columns of array types.
CREATE TABLE things (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL,
    numbers integer[],
    prices numeric(8,2)[],
    names varchar(5)[],
    days date[],
    docs jsonb[],
    paths text[],
    code char(3)[]
);
SELECT eryxon_attach('things', 'things');
SELECT eryxon_map_field('things', field, '{}') FROM unnest('{numbers,prices,names,days,docs,paths,code}'::text[]) field;
