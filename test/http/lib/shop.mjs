// Databases of the tests: made from a template by psql, asked by psql, with two tenants.
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const tenantA = 'aaaaaaaa-0000-4000-8000-00000000000a';
export const tenantB = 'bbbbbbbb-0000-4000-8000-00000000000b';
export const nobody = 'cccccccc-0000-4000-8000-00000000000c';
export const entities = ['cells', 'resources', 'jobs', 'parts', 'operations'];
export const root = fileURLToPath(new URL('../../..', import.meta.url));

// Runs SQL as superuser and returns what psql prints, without the last line's end.
export function sql(database, statement, host = process.env.PGHOST) {
    const psql = ['-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', database, '-h', host, '-c', statement];
    return execFileSync('psql', psql, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).replace(/\n$/, '');
}

// Makes a fresh database of this name and returns the name.
export function createDatabase(name, host = process.env.PGHOST) {
    sql('postgres', `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`, host);
    sql('postgres', `CREATE DATABASE ${name} TEMPLATE http_template`, host);
    return name;
}

// Makes an API key; further are named arguments of eryxon_api_key_create.
export function newKey(database, tenant = tenantA, further = '', host = process.env.PGHOST) {
    return sql(database, `SELECT eryxon_api_key_create('${tenant}', 'test'${further && `, ${further}`})`, host);
}

// Revokes a key.
export function revokeKey(database, key) {
    sql(database, `SELECT eryxon_api_key_revoke(id) FROM eryxon_api_keys() WHERE prefix = '${key.slice(0, 12)}'`);
}

// Number of rows of a table that meet a condition.
export function count(database, table, condition = 'true', host = process.env.PGHOST) {
    return Number(sql(database, `SELECT count(*) FROM ${table} WHERE ${condition}`, host));
}

// Runs a function of script/lib/cluster.sh on the cluster in a folder: cluster_start, cluster_stop.
export function cluster(action, folder) {
    const script = `. "$0/script/lib/common.sh"; . "$0/script/lib/cluster.sh"; ${action}`;
    const result = spawnSync('bash', ['-c', script, root, folder], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    if (result.status !== 0) throw new Error(`${action}: ${result.stderr}`);
}

// Waits until a condition holds, and fails after some seconds.
export async function until(what, condition, seconds = 15) {
    const end = Date.now() + seconds * 1000;
    while (Date.now() < end) {
        if (await condition()) return;
        await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error(`waited ${seconds} s in vain: ${what}`);
}

// A job whose number is its external id.
export const job = (externalId, members = {}) => ({
    external_id: externalId,
    external_source: 'SAP',
    job_number: `N-${externalId}`,
    ...members,
});

// A record with its external key.
export const record = (externalId, members) => ({ external_id: externalId, external_source: 'SAP', ...members });

// A cell, and a job with a part, for references.
export const seedBody = {
    cells: [record('C1', { name: 'Saw' })],
    jobs: [job('J1')],
    parts: [record('P1', { part_number: 'N', job_external_id: 'J1' })],
};
