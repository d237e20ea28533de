-- The five entities and the rules of their fields.

INSERT INTO eryxon.shipped_entity (entity, singular, natural_key, ordinal) VALUES
    ('cells',      'cell',      '{name}',            1),
    ('resources',  'resource',  '{name}',            2),
    ('jobs',       'job',       '{job_number}',      3),
    ('parts',      'part',      '{job,part_number}', 4),
    ('operations', 'operation', '{}',                5);

INSERT INTO eryxon.shipped_rule (entity, field, rule) VALUES
    ('cells', 'name',                   '{"required":true,"min_length":1}'),
    ('cells', 'color',                  '{"pattern":"^#[0-9A-Fa-f]{6}$","default":"#3B82F6"}'),
    ('cells', 'sequence',               '{"default":"next"}'),
    ('cells', 'active',                 '{"default":true}'),
    ('cells', 'capacity_hours_per_day', '{"min":0}'),
    ('cells', 'wip_limit',              '{"min":0}'),
    ('cells', 'description',            '{}'),

    ('resources', 'name',        '{"required":true,"min_length":1}'),
    ('resources', 'type',        '{"required":true,"enum":["tooling","fixture","mold","material","equipment",'
                                 '"machine","other"]}'),
    ('resources', 'description', '{}'),
    ('resources', 'identifier',  '{}'),
    ('resources', 'location',    '{}'),
    ('resources', 'status',      '{"enum":["available","in_use","maintenance","retired"],"default":"available"}'),
    ('resources', 'active',      '{"default":true}'),
    ('resources', 'notes',       '{}'),
    ('resources', 'metadata',    '{}'),

    ('jobs', 'job_number', '{"required":true,"min_length":1,"max_length":255}'),
    ('jobs', 'customer',   '{"aliases":["customer_name"],"max_length":255}'),
    ('jobs', 'due_date',   '{}'),
    ('jobs', 'priority',   '{"min":0,"default":0}'),
    ('jobs', 'notes',      '{"aliases":["description"]}'),
    ('jobs', 'status',     '{"enum":["not_started","in_progress","on_hold","completed"],"default":"not_started",'
                           '"write":"forward"}'),
    ('jobs', 'metadata',   '{}'),
    ('jobs', 'planned_start', '{}'),
    ('jobs', 'planned_end',   '{}'),

    ('parts', 'part_number',          '{"required":true,"min_length":1,"max_length":255}'),
    ('parts', 'job',                  '{"required":true,"references":{"entity":"jobs","parent":true,'
                                      '"children":"parts"}}'),
    ('parts', 'parent_part',          '{"references":{"entity":"parts","parent":true}}'),
    ('parts', 'material',             '{"default":"Unknown"}'),
    ('parts', 'quantity',             '{"min":1,"default":1}'),
    ('parts', 'notes',                '{"aliases":["description"]}'),
    ('parts', 'status',               '{"enum":["not_started","in_progress","on_hold","completed"],'
                                      '"default":"not_started","write":"forward"}'),
    ('parts', 'metadata',             '{}'),
    ('parts', 'drawing_no',           '{}'),
    ('parts', 'cnc_program_name',     '{"max_length":255}'),
    ('parts', 'file_paths',           '{}'),
    ('parts', 'material_lot',         '{}'),
    ('parts', 'material_supplier',    '{}'),
    ('parts', 'material_cert_number', '{}'),
    ('parts', 'is_bullet_card',       '{}'),
    ('parts', 'unit',                 '{"max_length":32}'),
    ('parts', 'planned_start',        '{}'),
    ('parts', 'planned_end',          '{}'),

    ('operations', 'operation_name',       '{"required":true,"min_length":1,"max_length":255}'),
    ('operations', 'part',                 '{"required":true,"references":{"entity":"parts","parent":true,'
                                           '"children":"operations"}}'),
    ('operations', 'cell',                 '{"required":true,"references":{"entity":"cells","match":"name"}}'),
    ('operations', 'sequence',             '{"min":1,"default":"next"}'),
    ('operations', 'estimated_time',       '{"aliases":["estimated_time_minutes"],"min":0,"default":0}'),
    ('operations', 'setup_time',           '{"aliases":["setup_time_minutes"],"min":0}'),
    ('operations', 'notes',                '{"aliases":["instructions","description"]}'),
    ('operations', 'status',               '{"enum":["not_started","in_progress","on_hold","completed"],'
                                           '"value_aliases":{"paused":"on_hold"},"default":"not_started",'
                                           '"write":"forward"}'),
    ('operations', 'assigned_operator_id', '{}'),
    ('operations', 'metadata',             '{}'),
    ('operations', 'run_time_per_unit',    '{"min":0}'),
    ('operations', 'wait_time',            '{"min":0}'),
    ('operations', 'planned_start',        '{}'),
    ('operations', 'planned_end',          '{}');
