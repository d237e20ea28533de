// Accessibility of every page and step, light and dark, and on a tablet.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, shot, Site, tag } from './lib/browser.mjs';
import { check, choose, csv, field, heading, importNow, take } from './lib/wizard.mjs';

let site;
before(async () => {
    site = await Site.start();
});
after(() => site.stop());

const head = ['external_id', 'external_source', 'job_number', 'customer', 'due_date', 'Shift'];
const rows = (name) => [
    head,
    [`A${name}1`, 'E2E', `A${name}1`, 'ACME', '2027-01-01', 'early'],
    [`A${name}2`, 'E2E', `A${name}2`, 'ACME', '2027-13-01', 'late'],
];

// The page is checked and kept as a picture.
const seen = async (page, scheme, name) => {
    await accessible(page, `${name}, ${scheme}`);
    await shot(page, `${scheme}-${name}`);
};

for (const scheme of ['light', 'dark']) {
    const options = { colorScheme: scheme, reducedMotion: 'reduce' };

    test(`signing in, ${scheme}`, () =>
        site.visit({ ...options, expected: /status of 401/ }, async (page) => {
            await seen(page, scheme, 'signin');
            await page.locator('#credential').fill('wrong');
            await page.locator('form button').click();
            await page.getByRole('alert').waitFor();
            await seen(page, scheme, 'signin-refused');
        }));

    test(`the wizard, ${scheme}`, () =>
        site.signedIn(options, async (page) => {
            await seen(page, scheme, 'import-1-file');
            await choose(page, 'jobs', 'orders.csv', csv(rows(tag + scheme)));
            await heading(page, 'Which column is what?').waitFor();
            await field(page, 'External number').selectOption('');
            await seen(page, scheme, 'import-2-columns-fault');
            await take(page, 'External number', 'external_id');
            await seen(page, scheme, 'import-2-columns');
            await check(page);
            await seen(page, scheme, 'import-3-check');
            await importNow(page);
            await seen(page, scheme, 'import-4-result');
        }));

    test(`a running import, ${scheme}`, () =>
        site.signedIn(options, async (page) => {
            await choose(page, 'jobs', 'orders.csv', csv(rows(`R${tag}${scheme}`)));
            await check(page);
            // Told but never ended, so that it can be looked at.
            // As the gateway tells it before the first lines are written: without counts.
            const run = { id: 'x', entity: 'jobs', operation: 'csv', status: 'running', done: 1, records: 2, lines: 3 };
            await page.route('**/api-jobs/import?*', () => undefined);
            await page.route('**/api-erp-sync/runs/*', (route) =>
                route.fulfill({ json: { success: true, data: run } }),
            );
            await page.getByRole('button', { name: /^Import/ }).click();
            await page.getByText('1 of 2 lines').waitFor();
            await seen(page, scheme, 'import-4-running');
        }));

    test(`the monitor, ${scheme}`, () =>
        site.signedIn(options, async (page) => {
            await page.getByRole('link', { name: 'Sync monitor' }).click();
            await page.locator('.chart').waitFor();
            await page.locator('[aria-labelledby=runs] tbody tr').first().waitFor();
            await seen(page, scheme, 'monitor');
            await page.getByRole('button', { name: 'As a table' }).click();
            await seen(page, scheme, 'monitor-table');
            await page.locator('[aria-labelledby=runs] tbody a').first().click();
            await page.locator('.facts').waitFor();
            await seen(page, scheme, 'monitor-run');
        }));

    test(`connections, ${scheme}`, () =>
        site.signedIn(options, async (page) => {
            await page.getByRole('link', { name: 'Connections' }).click();
            await page.getByRole('button', { name: 'New webhook' }).click();
            await seen(page, scheme, 'webhook-new');
            await page
                .getByRole('dialog')
                .getByLabel('Address (https)')
                .fill(`https://erp.example.com/${tag}/${scheme}`);
            await page.getByRole('dialog').getByLabel('Everything *').check();
            await page.getByRole('dialog').getByRole('button', { name: 'Make the webhook' }).click();
            await page.getByRole('dialog').getByLabel('Secret').waitFor();
            await seen(page, scheme, 'secret');
            await page.getByRole('dialog').getByRole('button', { name: 'I have copied it' }).click();
            const card = page.locator('.card', { hasText: `${tag}/${scheme}` });
            await card.getByRole('button', { name: 'Send a test' }).click();
            await card.locator('.deliveries tbody').getByText('webhook.test').waitFor();
            await page.getByRole('button', { name: 'New API key' }).click();
            await page.getByRole('dialog').getByLabel('Name').fill(`${scheme} ${tag}`);
            await page.getByRole('dialog').getByRole('button', { name: 'Make the key' }).click();
            await page.getByRole('dialog').getByRole('button', { name: 'I have copied it' }).click();
            await page.getByRole('row', { name: tag }).first().waitFor();
            await seen(page, scheme, 'connections');
            await page.getByRole('button', { name: `Revoke ${scheme} ${tag}` }).click();
            await seen(page, scheme, 'revoke');
        }));
}

test('on a tablet nothing is wider than the screen', () =>
    site.signedIn({ viewport: { width: 768, height: 1024 } }, async (page) => {
        const fits = async (name) => {
            const wide = await page.evaluate(
                () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
            );
            assert.ok(wide <= 0, `${name} is ${wide} px too wide`);
            await shot(page, `tablet-${name}`);
        };
        await fits('import');
        await choose(page, 'jobs', 'orders.csv', csv(rows(`T${tag}`)));
        await heading(page, 'Which column is what?').waitFor();
        await fits('columns');
        await check(page);
        await fits('check');
        await page.getByRole('link', { name: 'Sync monitor' }).click();
        await page.locator('.chart').waitFor();
        await fits('monitor');
        await page.getByRole('link', { name: 'Connections' }).click();
        await heading(page, 'API keys').waitFor();
        await fits('connections');
    }));

test('in a narrow window the fields of the columns can be seen and chosen', () =>
    site.signedIn({ viewport: { width: 400, height: 800 } }, async (page) => {
        await choose(page, 'jobs', 'orders.csv', csv(rows(`N${tag}`)));
        const box = await field(page, 'Customer').boundingBox();
        assert.ok(box.x >= 0 && box.x + box.width <= 400, JSON.stringify(box));
        await accessible(page, 'columns in a narrow window');
        await shot(page, 'narrow-columns');
    }));
