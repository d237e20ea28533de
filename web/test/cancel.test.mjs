// A long import: its progress, cancelling it, and going on after the connection broke.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { real, shot, Site, tag } from './lib/browser.mjs';
import { check, choose, figures } from './lib/wizard.mjs';

const LINES = Number(process.env.CANCEL_LINES ?? (real ? 300000 : 120000));
let site;
before(async () => {
    site = await Site.start();
});
after(() => site.stop());

const large = (name, lines) => {
    const rows = Array.from({ length: lines }, (_, i) => `${name}-${i},${name},${name}-${i},Customer ${i}\n`);
    return 'external_id,external_source,job_number,customer\n' + rows.join('');
};

test('progress is shown, and cancelling keeps what was imported', () =>
    site.signedIn({}, async (page) => {
        const name = `C${tag}`;
        await choose(page, 'jobs', 'large.csv', large(name, LINES));
        await check(page);
        assert.equal((await figures(page)).New, LINES);
        await page.getByText('more lines are not listed').waitFor();
        await page.getByRole('button', { name: /^Import/ }).click();
        await page.waitForFunction(
            () => document.querySelector('progress')?.value > 0 && document.querySelector('.progress .figures-row'),
        );
        await page.waitForFunction(
            () => !/^0%/.test(document.querySelector('.progress [role=status]')?.textContent ?? '0%'),
            null,
            { timeout: 60000 },
        );
        await shot(page, 'cancel-progress');
        await page.getByRole('button', { name: 'Cancel the import' }).click();
        await page.getByText('The import was cancelled.').waitFor({ timeout: 60000 });
        const { New: created } = await figures(page);
        assert.ok(created > 0 && created < LINES, `${created} of ${LINES}`);
        await shot(page, 'cancel-result');
        await page.getByRole('link', { name: 'Show in the sync monitor' }).click();
        await page.getByText('Cancelled', { exact: true }).waitFor();
        assert.equal((await figures(page)).New, created);
    }));

test('cancelled before the gateway has the file, nothing is imported', () =>
    site.signedIn({ expected: /ERR_FAILED/ }, async (page) => {
        await choose(page, 'jobs', 'held.csv', large(`H${tag}`, 10));
        await check(page);
        // Held back, as if it were still being sent.
        await page.route('**/api-jobs/import?*', () => undefined);
        await page.getByRole('button', { name: /^Import/ }).click();
        await page.getByRole('button', { name: 'Cancel the import' }).click();
        await page.getByText('The import was cancelled before it began.').waitFor();
        await page.getByRole('button', { name: 'Import another file' }).click();
        await page.getByRole('button', { name: 'Continue' }).waitFor();
    }));

test('without an event stream, progress comes by asking', () =>
    site.signedIn({}, async (page) => {
        await page.route('**/api-erp-sync/runs/*', (route) => {
            const headers = { ...route.request().headers(), accept: 'application/json' };
            return route.continue({ headers });
        });
        await choose(page, 'jobs', 'polled.csv', large(`P${tag}`, LINES));
        await check(page);
        await page.getByRole('button', { name: /^Import/ }).click();
        await page.locator('.progress .figures-row').waitFor();
        await page.getByRole('button', { name: 'Cancel the import' }).click();
        await page.getByText('The import was cancelled.').waitFor({ timeout: 60000 });
        const { New: created } = await figures(page);
        assert.ok(created > 0 && created < LINES, `${created} of ${LINES}`);
    }));

test(
    'if the answer is lost, the history tells the result',
    { skip: real && 'the connection is broken inside the browser' },
    () =>
        site.signedIn({ expected: /ERR_|Failed to load/ }, async (page) => {
            await choose(page, 'jobs', 'lost.csv', large(`L${tag}`, 3000));
            await check(page);
            await page.route('**/api-jobs/import?*', async (route) => {
                await route.fetch();
                await route.abort('connectionreset');
            });
            await page.getByRole('button', { name: /^Import/ }).click();
            await page.locator('.result-title').waitFor({ timeout: 60000 });
            assert.equal((await figures(page)).New, 3000);
        }),
);
