// What the stand-in gateway knows of entities and fields.
const text = (name, more = {}) => ({
    name,
    required: false,
    type: 'text',
    enum: null,
    aliases: [],
    reference: null,
    ...more,
});

const reference = (name, forms, required = true) => ({
    ...text(name, { required, type: 'uuid' }),
    reference: { entity: `${name}s`, forms },
});

const status = text('status', { type: 'enum', enum: ['not_started', 'in_progress', 'on_hold', 'completed'] });
const notes = text('notes', { aliases: ['description'] });

export const entities = [
    {
        entity: 'jobs',
        singular: 'job',
        table: 'public.jobs',
        fields: [
            text('job_number', { required: true }),
            text('customer', { aliases: ['customer_name'] }),
            text('due_date', { type: 'timestamp' }),
            text('priority', { type: 'integer' }),
            notes,
            status,
            text('metadata', { type: 'json' }),
        ],
    },
    {
        entity: 'parts',
        singular: 'part',
        table: 'public.parts',
        fields: [
            text('part_number', { required: true }),
            reference('job', ['job_id', 'job_external_id']),
            reference('parent_part', ['parent_part_id', 'parent_part_external_id'], false),
            text('material'),
            text('quantity', { type: 'integer' }),
            notes,
            status,
            text('drawing_no'),
            text('cnc_program_name'),
            text('is_bullet_card', { type: 'boolean' }),
        ],
    },
    {
        entity: 'operations',
        singular: 'operation',
        table: 'public.operations',
        fields: [
            text('operation_name', { required: true }),
            reference('part', ['part_id', 'part_external_id']),
            reference('cell', ['cell_id', 'cell_external_id', 'cell_name']),
            text('sequence', { type: 'integer' }),
            text('estimated_time', { type: 'numeric', aliases: ['estimated_time_minutes'] }),
            text('setup_time', { type: 'numeric', aliases: ['setup_time_minutes'] }),
            text('notes', { aliases: ['instructions', 'description'] }),
            status,
        ],
    },
    {
        entity: 'cells',
        singular: 'cell',
        table: 'public.cells',
        fields: [
            text('name', { required: true }),
            text('color'),
            text('sequence', { type: 'integer' }),
            text('active', { type: 'boolean' }),
            text('capacity_hours_per_day', { type: 'numeric' }),
            text('wip_limit', { type: 'integer' }),
            text('description'),
        ],
    },
    {
        entity: 'resources',
        singular: 'resource',
        table: 'public.resources',
        fields: [
            text('name', { required: true }),
            text('type', {
                required: true,
                type: 'enum',
                enum: ['tooling', 'fixture', 'mold', 'material', 'equipment', 'machine', 'other'],
            }),
            text('description'),
            text('identifier'),
            text('location'),
            text('notes'),
        ],
    },
];

const plain = (name) => name.toLowerCase().replace(/[\s_-]/g, '');

// A few of the words that people use.
const synonyms = {
    job_number: ['Order number', 'Auftrag'],
    customer: ['Kunde'],
    due_date: ['Liefertermin'],
    priority: ['Prio'],
};

// The field that a header names: its own name, a form of a reference, an alias, or another word for it.
export function propose(entity, header) {
    const wanted = plain(header);
    const names = [['external_id'], ['external_source']];
    for (const field of entity.fields)
        for (const name of field.reference?.forms ?? [field.name])
            names.push([name, ...(field.reference ? [] : field.aliases), ...(synonyms[name] ?? [])]);
    return names.find((candidates) => candidates.some((name) => plain(name) === wanted))?.[0] ?? null;
}

// A word with another letter, which is a guess.
export const guess = (header) => (plain(header) === 'kunnde' ? 'customer' : null);

export const fieldOf = (entity, name) =>
    entity.fields.find((field) => (field.reference?.forms ?? [field.name]).includes(name));
