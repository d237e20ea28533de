// One file after the other: what was saved for one, asked about one or corrected of one does not spoil the next.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Site, tag } from './lib/browser.mjs';
import {
    check,
    choose,
    csv,
    downloaded,
    expectFigures,
    heading,
    importNow,
    nameSource,
    take,
    taken,
    unusedColumns,
} from './lib/wizard.mjs';

let site;
before(async () => {
    site = await Site.start();
});
after(() => site.stop());

const head = ['Order', 'external_source', 'job_number', 'customer', 'due_date'];
const row = (id, source, customer, date = '2027-03-01') => [`${id}${tag}`, source, `${id}${tag}`, customer, date];

// Says that the first column is the order's number, and keeps the columns for their source.
async function save(page) {
    await take(page, 'External number', 'Order');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText(/^Saved for/).waitFor();
    await page.reload();
}

test('saved columns leave character set and delimiter to the next file', () =>
    site.signedIn({}, async (page) => {
        const source = `FA-${tag}`;
        const saved = csv([head, row('FA', source, 'Schäfer')], ';');
        await choose(page, 'jobs', 'first.csv', Buffer.from(saved, 'latin1'));
        await heading(page, 'Which column is what?').waitFor();
        assert.equal(await page.getByLabel('Character set').inputValue(), 'WIN1252');
        await save(page);
        await choose(page, 'jobs', 'second.csv', csv([head, row('FA', source, 'Weiß')]));
        await page.getByText(`Columns as saved for ${source}.`).waitFor();
        assert.equal(await page.getByLabel('Character set').inputValue(), 'UTF8');
        assert.equal(await page.getByLabel('Delimiter').inputValue(), ',');
        await check(page);
        await page.locator('table.lines').getByText('Weiß').waitFor();
        await expectFigures(page, { Records: 1, New: 1 });
    }));

test('columns loaded by hand bring numbers, dates and the clearing text along', () =>
    site.signedIn({}, async (page) => {
        const source = `FB-${tag}`;
        await choose(page, 'jobs', 'first.csv', csv([head, row('FB', source, 'ACME', '03/04/2027')]));
        await page.getByLabel('Dates').selectOption('MM/DD/YYYY');
        await page.getByLabel('Numbers').selectOption(',');
        await page.getByLabel('Text that clears a value').fill('NULL');
        await page.getByLabel('Text that clears a value').blur();
        await save(page);
        await choose(page, 'jobs', 'second.csv', csv([head, row('FB', `${source}-2`, 'ACME', '2027-04-03')]));
        await heading(page, 'Which column is what?').waitFor();
        await page.getByLabel('Saved columns').selectOption({ label: source });
        await page.getByText(`Columns as saved for ${source}.`).waitFor();
        assert.equal(await page.getByLabel('Dates').inputValue(), 'MM/DD/YYYY');
        assert.equal(await page.getByLabel('Numbers').inputValue(), ',');
        assert.equal(await page.getByLabel('Text that clears a value').inputValue(), 'NULL');
    }));

test('what is chosen while the file is looked at stays', () =>
    site.signedIn({}, async (page) => {
        const source = `FC-${tag}`;
        const rows = csv([
            ['Order', 'job_number', 'due_date'],
            [`FC${tag}`, `FC${tag}`, '03/04/2027'],
        ]);
        await choose(page, 'jobs', 'first.csv', rows);
        await page.getByLabel('Source system of all lines').fill(source);
        await page.getByLabel('Dates').selectOption('MM/DD/YYYY');
        await save(page);
        await choose(page, 'jobs', 'second.csv', rows);
        await heading(page, 'Which column is what?').waitFor();
        let release;
        const held = new Promise((resolve) => {
            release = resolve;
        });
        await page.route('**/api-jobs/inspect*', async (route) => {
            await held;
            await route.fallback();
        });
        await nameSource(page, source);
        await page.getByText('Reading the file…').waitFor();
        await page.getByLabel('Dates').selectOption('YYYY-MM-DD');
        release();
        await page.getByText(`Columns as saved for ${source}.`).waitFor();
        assert.equal(await page.getByLabel('Dates').inputValue(), 'YYYY-MM-DD');
    }));

test('the answer about another file is not taken for this one', () =>
    site.signedIn({}, async (page) => {
        const answers = [];
        await page.route('**/inspect*', (route) => void answers.push(() => route.fallback()));
        const pick = (name, text) =>
            page.locator('.drop input').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });
        await page.locator('input[name=entity][value=jobs]').check();
        await pick(
            'first.csv',
            csv([
                ['external_id', 'One'],
                ['1', '1'],
            ]),
        );
        await page.getByRole('button', { name: 'Continue' }).click();
        await page.getByText('Reading the file…').waitFor();
        await pick(
            'second.csv',
            csv([
                ['external_id', 'Two'],
                ['2', '2'],
            ]),
        );
        await page.getByText('Reading the file…').waitFor({ state: 'detached' });
        // The answer would be here by now, were it still waited for.
        for (const answer of answers.splice(0)) await answer().catch(() => undefined);
        await page.evaluate(() => fetch('./'));
        assert.equal(await heading(page, 'Which column is what?').count(), 0);
        await page.unroute('**/inspect*');
        await page.getByRole('button', { name: 'Continue' }).click();
        await page.locator('.unused strong', { hasText: 'Two' }).waitFor();
        assert.equal(await page.locator('.unused strong', { hasText: 'One' }).count(), 0);
    }));

test('a first line of data can be said to be a header, and the other way round', () =>
    site.signedIn({}, async (page) => {
        await choose(
            page,
            'jobs',
            'numbers.csv',
            csv([
                [`1${Date.now()}`, '2027'],
                ['17', '18'],
            ]),
        );
        const header = page.getByLabel('The first line has the column names');
        await page.locator('.unused strong', { hasText: /^1$/ }).waitFor();
        assert.equal(await header.isChecked(), false);
        await header.check();
        await page.locator('.unused strong', { hasText: /^2027$/ }).waitFor();
        assert.equal(await header.isChecked(), true);
        await header.uncheck();
        await page.locator('.unused strong', { hasText: /^2$/ }).waitFor();
        assert.equal(await header.isChecked(), false);
    }));

test('the corrected file of one without a header is read as the one before', () =>
    site.signedIn({}, async (page) => {
        const rows = [
            [`10${tag}`, `20${tag}`, '2027-03-01'],
            [`11${tag}`, `21${tag}`, '2027-13-01'],
        ];
        await choose(page, 'jobs', 'plain.csv', csv(rows));
        await page.getByLabel('The first line has the column names').uncheck();
        for (const [column, name] of [
            ['1', 'External number'],
            ['2', 'Order number'],
            ['3', 'Due date'],
        ])
            await take(page, name, column);
        await nameSource(page, 'E2E');
        await check(page);
        await importNow(page);
        await expectFigures(page, { New: 1, Refused: 1 });
        const file = await downloaded(page, () =>
            page.getByRole('button', { name: 'Download the refused lines' }).click(),
        );
        await page.getByRole('button', { name: 'Import the corrected file' }).click();
        await page.getByText('Choose the corrected file.').waitFor();
        await choose(page, 'jobs', 'corrected.csv', file.text.replaceAll('2027-13-01', '2027-12-01'));
        await heading(page, 'Which column is what?').waitFor();
        assert.equal(await taken(page, 'External number'), '1');
        assert.equal(await taken(page, 'Due date'), '3');
        assert.deepEqual(await unusedColumns(page), ['eryxon_line', 'eryxon_code', 'eryxon_message']);
        await check(page);
        await expectFigures(page, { Records: 1, New: 1, Refused: 0 });
    }));

test('one click checks the file after the source was typed', () =>
    site.signedIn({}, async (page) => {
        await choose(
            page,
            'jobs',
            'orders.csv',
            csv([
                ['external_id', 'job_number'],
                [`FD${tag}`, `FD${tag}`],
            ]),
        );
        await heading(page, 'Which column is what?').waitFor();
        await page.getByLabel('Source system of all lines').click();
        await page.keyboard.type('E2E');
        await check(page);
        await expectFigures(page, { Records: 1, New: 1 });
    }));

test('columns may have the names of what objects inherit', () =>
    site.signedIn({}, async (page) => {
        const names = ['external_id', 'external_source', 'job_number', 'constructor', '__proto__'];
        await choose(page, 'jobs', 'names.csv', csv([names, [`FE${tag}`, 'E2E', `FE${tag}`, 'ACME', 'Note']]));
        assert.deepEqual(await unusedColumns(page), ['constructor', '__proto__']);
        await take(page, 'Customer', 'constructor');
        await take(page, 'Notes', '__proto__');
        await check(page);
        await page.locator('.changes').getByText('ACME').waitFor();
        await page.locator('.changes').getByText('Note', { exact: true }).waitFor();
    }));

test('a file of nothing but column names is told as such', () =>
    site.signedIn({}, async (page) => {
        await choose(page, 'jobs', 'head.csv', csv([['external_id', 'external_source', 'job_number']]));
        await check(page);
        await page.getByText('There are no lines to import').waitFor();
        assert.equal(await page.getByRole('button', { name: /^Import/ }).count(), 0);
    }));
