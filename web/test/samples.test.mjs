// The sample files through the page: all taken the first time, all unchanged the second.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { keys, real, Site } from './lib/browser.mjs';
import { check, choose, figures, importNow } from './lib/wizard.mjs';

// In order of dependency, with the number of records.
const order = ['cells', 'resources', 'jobs', 'parts', 'operations'];
const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const folders = {
    sample: { path: path('../../sample'), counts: {} },
    templates: {
        path: process.env.TEMPLATES ?? path('../../../shared/data/templates'),
        counts: { cells: 6, resources: 6, jobs: 5, parts: 8, operations: 16 },
    },
};

let site;
before(async () => {
    site = await Site.start();
});
after(() => site.stop());

// Imports a file and returns the figures of the result.
async function importFile(page, entity, folder) {
    await choose(page, entity, `${entity}.csv`, readFileSync(`${folder}/${entity}.csv`));
    await check(page);
    await importNow(page);
    const found = await figures(page);
    await page.getByRole('button', { name: 'Import another file' }).click();
    return found;
}

// The sum of a field over an entity's rows of a source.
async function sum(entity, source, field) {
    const response = await fetch(`${site.url}/api-${entity}?external_source=${source}&limit=1000`, {
        headers: { Authorization: `Bearer ${keys.admin}` },
    });
    const { data } = await response.json();
    return data[entity].reduce((all, row) => all + Number(row[field]), 0);
}

for (const [name, folder] of Object.entries(folders))
    test(`the files of ${name}`, { skip: !existsSync(folder.path) && `${folder.path} is not there` }, () =>
        site.signedIn({}, async (page) => {
            for (const entity of order) {
                const found = await importFile(page, entity, folder.path);
                assert.equal(found.Refused, 0, entity);
                assert.equal(found.New + found.Unchanged, found.Records, entity);
                if (entity in folder.counts) assert.equal(found.Records, folder.counts[entity], entity);
                else assert.ok(found.Records > 0, entity);
            }
            for (const entity of order) {
                const found = await importFile(page, entity, folder.path);
                assert.equal(found.Unchanged, found.Records, entity);
            }
            if (real && name === 'templates') {
                assert.equal(await sum('operations', 'ERP', 'estimated_time'), 1880);
                assert.equal(await sum('parts', 'ERP', 'quantity'), 60);
            }
        }),
    );
