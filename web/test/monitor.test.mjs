// The sync monitor: the overview and a run.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { real, shot, Site, tag } from './lib/browser.mjs';
import { check, choose, csv, downloaded, figures, heading, importNow } from './lib/wizard.mjs';

let site;
before(async () => {
    site = await Site.start();
});
after(() => site.stop());

const source = `MON${tag}`;
const rows = [
    ['external_id', 'external_source', 'name', 'sequence'],
    ['1', source, `Saw ${tag}`, '1'],
    ['2', source, `Laser ${tag}`, 'first'],
];

// A run with an error, made through the wizard.
async function importCells(page, lines) {
    await choose(page, 'cells', 'cells.csv', csv(lines));
    await check(page);
    await importNow(page);
}

test('the overview shows runs by day, kind and source, errors, and leads to a run', () =>
    site.signedIn({}, async (page) => {
        await importCells(page, rows);
        await page.getByRole('link', { name: 'Sync monitor', exact: true }).click();
        await heading(page, 'Sync monitor').waitFor();
        await page.locator('.chart').waitFor();
        await page.getByLabel('Source', { exact: true }).selectOption(source);
        await page.waitForFunction(() => document.querySelectorAll('[aria-labelledby=runs] tbody tr').length === 1);
        const found = await figures(page);
        assert.deepEqual([found.Runs, found.New, found.Refused], [1, 1, 1]);
        assert.match(
            await page.locator('[aria-labelledby=by-source] tbody').last().innerText(),
            new RegExp(`Work centers\\s+${source}\\s+1\\s+1`),
        );
        const kind = page.locator('.top-errors li');
        assert.match(await kind.innerText(), /1\s+Wrong kind of value · Sequence[^]*"first"[^]*In 1 run, last/);
        assert.match(await kind.getByRole('link').getAttribute('href'), /^#\/monitor\/runs\/[0-9a-f-]{36}$/);
        assert.equal(await page.locator('.chart .chart-errors[height]:not([height="0"])').count(), 1);
        await page.getByRole('button', { name: 'As a table' }).click();
        assert.equal(await page.locator('.chart-table tbody tr').count(), 1);
        await page.getByRole('button', { name: 'As a table' }).click();
        await page.locator('[aria-label=Count] button').last().click();
        assert.equal(await page.locator('.chart .chart-runs[height]:not([height="0"])').count(), 1);
        await page.getByLabel('Kind', { exact: true }).selectOption('jobs');
        await page.getByText('No runs yet.').waitFor();
        await page.getByLabel('Kind', { exact: true }).selectOption('cells');
        await page.locator('[aria-labelledby=runs] tbody a').click();
        await heading(page, 'Run').waitFor();
        await page.getByText('With errors').waitFor();
        assert.equal(await page.evaluate(() => document.activeElement?.id), 'main');
        await page.locator('.lines:visible').getByText('Wrong kind of value').waitFor();
        const file = await downloaded(page, () =>
            page.locator('button:visible', { hasText: 'Download the refused lines' }).click(),
        );
        assert.match(file.text, /Laser/);
        await shot(page, 'monitor-run');
    }));

test('the last successful sync of a source is told', () =>
    site.signedIn({}, async (page) => {
        await importCells(page, [rows[0], ['3', `${source}-OK`, `Press ${tag}`, '3']]);
        await page.getByRole('link', { name: 'Sync monitor', exact: true }).click();
        await page.getByLabel('Source', { exact: true }).selectOption(`${source}-OK`);
        const cell = page.locator('[aria-labelledby=by-source] tbody tr').first().locator('td').last();
        assert.match(await cell.innerText(), new RegExp(String(new Date().getFullYear())));
        const answer = page.waitForResponse(/statistics\?days=90/);
        await page.getByRole('button', { name: '90 days' }).click();
        const { data } = await (await answer).json();
        const found = data.last_success.filter((row) => row.source === `${source}-OK`);
        assert.deepEqual(
            found.map((row) => row.entity),
            ['cells'],
        );
        await page.locator('main:not(:has([aria-busy=true]))').waitFor();
        assert.equal(await page.locator('[aria-labelledby=by-source] tbody tr').count(), 1);
        assert.match(await cell.innerText(), new RegExp(String(new Date().getFullYear())));
    }));

test('the state of the wizard outlives a look at the monitor', () =>
    site.signedIn({}, async (page) => {
        await choose(page, 'cells', 'cells.csv', csv(rows));
        await heading(page, 'Which column is what?').waitFor();
        await page.getByRole('link', { name: 'Sync monitor', exact: true }).click();
        await page.locator('.chart').waitFor();
        await shot(page, 'monitor');
        await page.goBack();
        await heading(page, 'Which column is what?').waitFor();
    }));

test('older runs are fetched on demand', { skip: real && 'needs more than a hundred runs' }, () =>
    site.signedIn({}, async (page) => {
        await page.getByRole('link', { name: 'Sync monitor', exact: true }).click();
        await page.getByText('1–20 of 100', { exact: true }).waitFor();
        await page.getByRole('button', { name: 'Fetch older runs' }).click();
        await page.getByRole('button', { name: 'Fetch older runs' }).waitFor({ state: 'detached' });
        const range = await page.locator('[aria-labelledby=runs] .pager [role=status]').innerText();
        assert.ok(Number(/of (\d+)/.exec(range)[1]) > 100, range);
    }),
);

test('an unknown run is told as such', () =>
    site.signedIn({ expected: /status of 404/ }, async (page) => {
        await page.evaluate(() => {
            location.hash = '/monitor/runs/00000000-0000-4000-8000-000000000000';
        });
        const unknown = '00000000-0000-4000-8000-000000000000 does not exist';
        await page.getByRole('alert').getByText(unknown).waitFor();
    }));

test('an address that cannot be read leads to a page', () =>
    site.signedIn({}, async (page) => {
        await page.goto(`${site.url}/admin/#/monitor/%`);
        await page.reload();
        await heading(page, 'Sync monitor').waitFor();
    }));
