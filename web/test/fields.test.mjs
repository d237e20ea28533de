// Where each field comes from: one column for several, several for one, one value for all lines.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { shot, Site, tag } from './lib/browser.mjs';
import {
    check,
    choose,
    csv,
    expectFigures,
    field,
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

const firstLine = (page) => page.locator('table.lines tbody tr').first();

test('a file with one number for external and order number is imported by one click', () =>
    site.signedIn({}, async (page) => {
        const rows = [
            ['Order number', 'Customer', 'Room'],
            [`FA${tag}`, 'ACME', 'B 12'],
        ];
        await choose(page, 'jobs', 'orders.csv', csv(rows));
        await heading(page, 'Which column is what?').waitFor();
        assert.deepEqual(await unusedColumns(page), ['Room']);
        await page.locator('.unused').getByText('B 12').waitFor();
        await page.getByText('Missing: External number, Source system').waitFor();
        await nameSource(page, `ON-${tag}`);
        await page.getByRole('button', { name: 'Same as Order number' }).click();
        assert.equal(await taken(page, 'External number'), 'Order number');
        await page.getByText('Also gives: Order number').waitFor();
        await shot(page, 'fields-same');
        await page.getByRole('button', { name: 'Save', exact: true }).click();
        await page.getByText(`Saved for ON-${tag}.`, { exact: true }).waitFor();
        await check(page);
        await expectFigures(page, { New: 1, Refused: 0 });
        assert.match(await firstLine(page).innerText(), new RegExp(`FA${tag}[^]*Order number FA${tag}`));
        await importNow(page);

        // What was saved for the source serves again.
        await page.reload();
        await choose(page, 'jobs', 'orders.csv', csv(rows));
        await nameSource(page, `ON-${tag}`);
        await page.getByText(`Columns as saved for ON-${tag}.`).waitFor();
        assert.equal(await taken(page, 'External number'), 'Order number');
        assert.equal(await taken(page, 'Order number'), 'Order number');
        await check(page);
        await expectFigures(page, { Unchanged: 1 });
    }));

test('columns are joined, and a value is given to all lines; both are saved', () =>
    site.signedIn({}, async (page) => {
        const source = `TL-${tag}`;
        const rows = csv([
            ['Rack', 'Place', 'name', 'type'],
            [`R${tag}`, '7', `Vice ${tag}`, 'Spanner'],
            [`R${tag}`, '8', `Jig ${tag}`, 'Lehre'],
        ]);
        const expectSources = async () => {
            assert.equal(await taken(page, 'External number'), 'joined');
            assert.equal(await page.getByLabel('External number: column 1').inputValue(), 'Rack');
            assert.equal(await page.getByLabel('External number: column 2').inputValue(), 'Place');
            assert.equal(await page.getByLabel('Between them').inputValue(), '/');
            assert.equal(await page.getByLabel('Type of all lines').inputValue(), 'fixture');
        };
        await choose(page, 'resources', 'tools.csv', rows);
        await heading(page, 'Which column is what?').waitFor();
        await nameSource(page, source);
        await take(page, 'External number', 'Rack');
        await field(page, 'External number').selectOption('joined');
        await page.getByLabel('External number: column 2').selectOption('Place');
        await page.getByLabel('Between them').fill('/');
        await page.locator('.mapping .samples').getByText(`R${tag}/7`).waitFor();
        await field(page, 'Type').selectOption('constant');
        await page.getByText('Without Type no new records can be made.').waitFor();
        await page.getByLabel('Type of all lines').fill('fixture');
        assert.deepEqual(await unusedColumns(page), ['type']);
        await expectSources();
        await shot(page, 'fields-made');
        await page.getByRole('button', { name: 'Save', exact: true }).click();
        await page.getByText(`Saved for ${source}.`, { exact: true }).waitFor();
        await check(page);
        await expectFigures(page, { New: 2, Refused: 0 });
        assert.match(await firstLine(page).innerText(), new RegExp(`R${tag}/7[^]*Type fixture`));

        await page.reload();
        await choose(page, 'resources', 'tools.csv', rows);
        await nameSource(page, source);
        await page.getByText(`Columns as saved for ${source}.`).waitFor();
        await expectSources();
        await check(page);
        await expectFigures(page, { New: 2, Refused: 0 });
    }));

test('a guess is shown as one until it is chosen, and imported', () =>
    site.signedIn({}, async (page) => {
        const head = ['external_id', 'external_source', 'job_number', 'Kunnde'];
        await choose(page, 'jobs', 'guess.csv', csv([head, [`FD${tag}`, 'E2E', `FD${tag}`, 'ACME']]));
        await heading(page, 'Which column is what?').waitFor();
        assert.equal(await taken(page, 'Customer'), 'Kunnde');
        assert.equal(await page.getByText('A guess: check it').count(), 1);
        await shot(page, 'fields-guess');
        await check(page);
        assert.match(await firstLine(page).innerText(), /Customer ACME/);
        await page.getByRole('button', { name: 'Back' }).click();
        await field(page, 'Customer').selectOption('');
        await take(page, 'Customer', 'Kunnde');
        await page.getByText('A guess: check it').waitFor({ state: 'detached' });
    }));

test('a field that is to have no column gets none, though another one means it, too', () =>
    site.signedIn({}, async (page) => {
        const head = ['external_id', 'external_source', 'job_number', 'Customer', 'customer_name'];
        await choose(page, 'jobs', 'two.csv', csv([head, [`FC${tag}`, 'E2E', `FC${tag}`, 'ACME', 'Birch']]));
        await heading(page, 'Which column is what?').waitFor();
        await field(page, 'Customer').selectOption('');
        await check(page);
        await expectFigures(page, { New: 1, Refused: 0 });
        assert.doesNotMatch(await firstLine(page).innerText(), /ACME|Birch/);
    }));
