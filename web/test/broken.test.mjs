// Imports that do not come to a good end: broken off, lost, too large to be checked; files that cannot be sent.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { shot, Site, tag } from './lib/browser.mjs';
import { check, choose, csv, expectFigures, heading, importNow } from './lib/wizard.mjs';

let site;
before(async () => {
    site = await Site.start();
});
after(() => site.stop());

const orders = (name, count = 5) =>
    csv([
        ['external_id', 'external_source', 'job_number', 'customer'],
        ...Array.from({ length: count }, (_, i) => [`${name}${tag}-${i}`, 'E2E', `${name}${tag}-${i}`, 'ACME']),
    ]);
const counts = { total: 3, created: 2, updated: 0, restored: 0, skipped: 0, deleted: 0, errors: 1 };
const refusal = {
    index: 1,
    line: 3,
    external_id: 'X',
    code: 'DATE_FORMAT',
    message: 'invalid date "x"',
    path: 'due_date',
};
const isTrial = (route) => route.request().url().includes('dry_run=true');
const error = (status, code, message) => ({
    success: false,
    error: { code, message, details: [], statusCode: status },
});

// Answers imports, but no dry runs, with `answer`.
const onImport = (page, answer) =>
    page.route('**/api-jobs/import?*', (route) => (isTrial(route) ? route.fallback() : answer(route)));

const begin = (page) => page.getByRole('button', { name: /^Import \d+ lines?$/ }).click();

// What every import that was broken off tells.
async function expectBroken(page, name) {
    await page.getByText('The import was broken off.').waitFor();
    await page.getByText('2 of 5 lines were imported, and stay.').waitFor();
    await page.getByText('could not write block 7').first().waitFor();
    await page.getByRole('button', { name: 'Download the refused lines' }).waitFor();
    assert.equal(await page.getByText('All lines were imported.').count(), 0);
    assert.equal(await page.locator('.notice-success:visible').count(), 0);
    await expectFigures(page, { New: 2, Refused: 1 });
    assert.match(
        await page.getByRole('link', { name: 'Show in the sync monitor' }).getAttribute('href'),
        /monitor\/runs/,
    );
    await shot(page, name);
}

test('an import that was broken off is told by its answer', () =>
    site.signedIn({ expected: /status of 500/ }, async (page) => {
        await choose(page, 'jobs', 'broken.csv', orders('BA'));
        await check(page);
        const results = [{ ...refusal, action: 'error', error: 'due_date: invalid date "x"', details: [] }];
        await onImport(page, (route) =>
            route.fulfill({
                status: 500,
                json: {
                    ...error(500, 'DATABASE_ERROR', 'could not write block 7'),
                    data: { ...counts, run_id: null, duration_ms: 1, results, cancelled: false },
                },
            }),
        );
        await begin(page);
        await expectBroken(page, 'broken-answer');
    }));

test('and by its run, if the answer is lost', () =>
    site.signedIn({ expected: /ERR_|Failed to load/ }, async (page) => {
        const run = {
            ...{ id: 'x', entity: 'jobs', operation: 'csv', source: 'E2E', status: 'failed', ...counts },
            ...{ done: 3, records: 5, lines: 6, has_rejected: true, failure: 'could not write block 7' },
            ...{ error_details: [refusal], started_at: '2027-01-01T00:00:00Z', finished_at: '2027-01-01T00:01:00Z' },
        };
        await page.route('**/api-erp-sync/runs/*', (route) => route.fulfill({ json: { success: true, data: run } }));
        await choose(page, 'jobs', 'broken.csv', orders('BB'));
        await check(page);
        await onImport(page, (route) => route.abort('connectionreset'));
        await begin(page);
        await expectBroken(page, 'broken-run');
        await page.getByRole('link', { name: 'Show in the sync monitor' }).click();
        await heading(page, 'Run').waitFor();
        await page.getByRole('alert').getByText('could not write block 7').waitFor();
        await page.getByText('2 of 5 lines were imported, and stay.').last().waitFor();
        await shot(page, 'broken-monitor');
    }));

test('a lost import is looked for until the network is back', () =>
    site.signedIn({ expected: /ERR_|Failed to load/ }, async (page) => {
        let away = false;
        let asked = 0;
        await page.route('**/api-erp-sync/runs/*', (route) => {
            if (!away) return route.fallback();
            asked++;
            return route.abort('connectionreset');
        });
        await choose(page, 'jobs', 'lost.csv', orders('BC'));
        await check(page);
        await onImport(page, async (route) => {
            away = true;
            await route.fetch();
            await route.abort('connectionreset');
        });
        // A request that is answered within the browser sends no byte; the page is told that it did.
        await page.evaluate(() => {
            const send = XMLHttpRequest.prototype.send;
            XMLHttpRequest.prototype.send = function (body) {
                send.call(this, body);
                this.upload.onload?.();
            };
        });
        await begin(page);
        await page.getByText('The connection to the server is broken.').waitFor();
        const before = asked;
        await page.waitForFunction(() => document.querySelector('progress'));
        while (asked < before + 2) await page.waitForRequest('**/api-erp-sync/runs/*');
        await shot(page, 'broken-lost');
        away = false;
        await page.getByText('All lines were imported.').waitFor();
        await expectFigures(page, { Records: 5, New: 5 });
    }));

test('a file too large to be checked in time can be imported without', () =>
    site.signedIn({ expected: /status of 504/ }, async (page) => {
        await choose(page, 'jobs', 'large.csv', orders('BD'));
        await page.route('**/api-jobs/import?*', (route) =>
            isTrial(route)
                ? route.fulfill({ status: 504, contentType: 'text/html', body: '<html><h1>504 Gateway</h1></html>' })
                : route.fallback(),
        );
        await page.getByRole('button', { name: 'Check the file' }).click();
        await page.getByText('The server did not finish in time.').waitFor();
        await page.getByText('The file is too large to be checked as a whole.').waitFor();
        assert.ok(!(await page.locator('main').innerText()).includes('<h1>'));
        await shot(page, 'broken-unchecked');
        await page.getByRole('button', { name: 'Import without a check' }).click();
        await page.getByText('All lines were imported.').waitFor();
        await expectFigures(page, { Records: 5, New: 5 });
    }));

test('a refusal of a proxy is told in words', () =>
    site.signedIn({ expected: /status of 4\d\d/ }, async (page) => {
        await page.route('**/api-jobs/inspect*', (route) =>
            route.fulfill({ status: 413, contentType: 'text/html', body: '<html>Request Entity Too Large</html>' }),
        );
        await choose(page, 'jobs', 'huge.csv', orders('BE'));
        await page.getByText('The file is larger than the server takes (usually 256 MB).').waitFor();
        assert.ok(!(await page.locator('main').innerText()).includes('html'));
    }));

test('many long column names fit an address', () =>
    site.signedIn({}, async (page) => {
        const more = Array.from({ length: 200 }, (_, i) => `Additional information of the ERP system, column ${i}`);
        const rows = orders('BF', 1).trim().split('\n');
        const [head, line] = [`${rows[0]},${more.map((name) => `"${name}"`)}`, `${rows[1]},${more.map(() => 'x')}`];
        await choose(page, 'jobs', 'wide.csv', `${head}\n${line}\n`);
        const request = page.waitForRequest('**/api-jobs/import?*');
        await check(page);
        const { length } = (await request).url();
        assert.ok(length < 4000, `${length} characters`);
        await expectFigures(page, { Records: 1, New: 1 });
        assert.equal(await page.locator('.line-warning').count(), 0);
    }));

test('a file that was changed since it was chosen is told as such', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'eryxon-web-'));
    const path = join(folder, 'changing.csv');
    // The browser compares times of whole seconds.
    let seconds = Date.now() / 1000 - 100;
    const write = (count) => {
        writeFileSync(path, orders('BG', count));
        utimesSync(path, seconds, (seconds += 10));
    };
    const unreadable = 'The file cannot be read: it was changed or moved';
    try {
        await site.signedIn({ expected: /ERR_UPLOAD_FILE_CHANGED|ERR_FILE|Failed to load/ }, async (page) => {
            write(5);
            await page.locator('input[name=entity][value=jobs]').check();
            await page.locator('.drop input').setInputFiles(path);
            write(9);
            await page.getByRole('button', { name: 'Continue' }).click();
            await page.getByRole('alert').getByText(unreadable).waitFor();
            await page.locator('.drop input').setInputFiles(path);
            await page.getByRole('button', { name: 'Continue' }).click();
            await check(page);
            write(12);
            await begin(page);
            await page.getByRole('alert').getByText(unreadable).waitFor();
            assert.equal(await page.getByText('cannot be reached').count(), 0);
            await page.locator('.actions:visible').getByRole('button', { name: 'Back' }).click();
            await page.locator('.figures-row').waitFor();
        });
    } finally {
        rmSync(folder, { recursive: true });
    }
});

test('lines that refer to later ones are imported once more', () =>
    site.signedIn({}, async (page) => {
        await choose(page, 'jobs', 'orders.csv', orders('BH', 1));
        await check(page);
        await importNow(page);
        await page.getByRole('button', { name: 'Import another file' }).click();
        const part = (i, parent) => [`BH${tag}-P${i}`, 'E2E', `P${i}`, `BH${tag}-0`, parent];
        const rows = Array.from({ length: 1500 }, (_, i) => part(i, i === 0 ? `BH${tag}-P1400` : ''));
        const head = ['external_id', 'external_source', 'part_number', 'job_external_id', 'parent_part_external_id'];
        await choose(page, 'parts', 'parts.csv', csv([head, ...rows]));
        await check(page);
        await expectFigures(page, { New: 1500, Refused: 0 });
        await importNow(page);
        const refused = page.getByText('1 line was refused.');
        await refused.or(page.getByText('All lines were imported.')).waitFor();
        // Where the server takes them at once, there is nothing to repeat.
        if ((await refused.count()) === 0) return;
        await page.getByText('More lines were refused than the check had found.').waitFor();
        await shot(page, 'broken-repeat');
        await page.getByRole('button', { name: 'Import the refused lines once more' }).click();
        await page.getByText('Every line can be imported.').waitFor();
        await importNow(page);
        await page.getByText('All lines were imported.').waitFor();
        await expectFigures(page, { Records: 1, New: 1 });
    }));
