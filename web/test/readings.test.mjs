// How numbers and dates are read: asked where the file does not tell, looked at again when columns are mapped, mended in one click.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { shot, Site, tag } from './lib/browser.mjs';
import { check, choose, csv, expectFigures, heading, take } from './lib/wizard.mjs';

let site;
before(async () => {
    site = await Site.start();
});
after(() => site.stop());

const firstLine = (page) => page.locator('table.lines tbody tr').first();

test('numbers that do not tell their decimal sign are asked about before the check', () =>
    site.signedIn({}, async (page) => {
        const head = ['external_id', 'external_source', 'name', 'capacity_hours_per_day', 'Zahl'];
        const rows = [[`RA${tag}`, 'E2E', `Saw ${tag}`, '1.000', '7']];
        await choose(page, 'cells', 'cells.csv', csv([head, ...rows], ';'));
        await page.getByText('Does 1.000 mean a thousand or one?').waitFor();
        await page.getByText('Choose under Format how numbers are written').waitFor();
        assert.equal(await page.getByRole('button', { name: 'Check the file' }).isDisabled(), true);
        await shot(page, 'readings-number-sign');
        await page.getByLabel('Numbers').selectOption(',');
        await check(page);
        assert.match(await firstLine(page).innerText(), /Capacity \(hours a day\) 1,000/);
    }));

test('the file is looked at again when a column is mapped by hand', () =>
    site.signedIn({}, async (page) => {
        const head = ['external_id', 'external_source', 'job_number', 'Wann'];
        const rows = ['31.12.2027', 'bald', 'viele'].map((day, i) => [`RB${tag}${i}`, 'E2E', `RB${tag}${i}`, day]);
        await choose(page, 'jobs', 'orders.csv', csv([head, ...rows], ';'));
        await heading(page, 'Which column is what?').waitFor();
        assert.equal(await page.getByLabel('Dates').inputValue(), 'YYYY-MM-DD');
        await take(page, 'Due date', 'Wann');
        await page.waitForFunction(() => [...document.querySelectorAll('select')].some((one) => one.value === 'DD-MM-YYYY'));
        await check(page);
        await expectFigures(page, { New: 1, Refused: 2 });

        const parts = csv([['external_id', 'external_source', 'part_number', 'Zahl'], [`RC${tag}`, 'E2E', 'P', '1.000']], ';');
        await page.reload();
        await choose(page, 'parts', 'parts.csv', parts);
        await heading(page, 'Which column is what?').waitFor();
        assert.equal(await page.getByText('Does 1.000 mean a thousand or one?').count(), 0);
        await take(page, 'Quantity', 'Zahl');
        await page.getByText('Does 1.000 mean a thousand or one?').waitFor();
    }));

test('dates in another form than chosen are read again in one click', () =>
    site.signedIn({}, async (page) => {
        const head = ['external_id', 'external_source', 'job_number', 'due_date'];
        const rows = ['31.12.2027', '30.12.2027', '29.12.2027'].map((day, i) => [`RD${tag}${i}`, 'E2E', `RD${tag}${i}`, day]);
        await choose(page, 'jobs', 'orders.csv', csv([head, ...rows], ';'));
        await heading(page, 'Which column is what?').waitFor();
        await page.getByLabel('Dates').selectOption('YYYY-MM-DD');
        await check(page);
        await expectFigures(page, { Refused: 3 });
        await page.getByText('No line can be imported.').waitFor();
        assert.equal(await page.getByRole('button', { name: /^Import/ }).count(), 0);
        await page.getByText('3 refused values are dates in another form.').waitFor();
        await shot(page, 'readings-dates');
        await page.getByRole('button', { name: 'Read dates as 31-12-2027' }).click();
        await page.getByText('Every line can be imported.').waitFor();
        await expectFigures(page, { New: 3, Refused: 0 });
    }));
