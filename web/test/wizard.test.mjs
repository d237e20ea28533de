// The import wizard from a file to its result.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { keys, shot, signIn, Site, tag } from './lib/browser.mjs';
import {
    check,
    choose,
    csv,
    downloaded,
    expectFigures,
    field,
    figures,
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

const orders = (customers) =>
    csv([
        ['external_id', 'external_source', 'job_number', 'customer_name', 'due_date', 'priority', 'notes'],
        ...customers.map((customer, i) => [
            `W${tag}-${i}`,
            'E2E',
            `W${tag}-${i}`,
            customer,
            '2027-02-12',
            String(i),
            'Two loads, "fragile"\nRing first',
        ]),
    ]);

test('the whole wizard: create, then nothing, then change', () =>
    site.signedIn({}, async (page) => {
        await choose(page, 'jobs', 'orders.csv', orders(['Harbour Railings', 'Birch & Sons', 'Müller GmbH']));
        await heading(page, 'Which column is what?').waitFor();
        assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Which column is what?');
        assert.equal(await taken(page, 'Customer'), 'customer_name');
        await shot(page, 'wizard-columns');
        await check(page);
        await expectFigures(page, { Records: 3, New: 3, Changed: 0, Unchanged: 0, Refused: 0 });
        assert.equal(await page.locator('table.lines tbody tr').count(), 3);
        // A line is where it begins in the file: the first record spans two.
        assert.deepEqual(await page.locator('table.lines tbody td:first-child').allTextContents(), ['2', '4', '6']);
        await shot(page, 'wizard-check-new');
        await importNow(page);
        await page.getByText('All lines were imported.').waitFor();
        await expectFigures(page, { Records: 3, New: 3, Refused: 0 });
        await shot(page, 'wizard-result');

        await page.getByRole('button', { name: 'Import another file' }).click();
        await choose(page, 'jobs', 'orders.csv', orders(['Harbour Railings', 'Birch & Sons', 'Müller GmbH']));
        await check(page);
        await expectFigures(page, { New: 0, Unchanged: 3 });
        await page.getByText('Nothing would change: all of this is there already.').waitFor();

        await page.getByRole('button', { name: 'Back' }).click();
        await page.getByRole('button', { name: 'Back' }).click();
        await choose(page, 'jobs', 'orders.csv', orders(['Harbour Railings', 'Birch & Daughters', 'Müller GmbH']));
        await check(page);
        await expectFigures(page, { New: 0, Changed: 1, Unchanged: 2 });
        await page.getByRole('button', { name: 'Changed 1' }).click();
        assert.equal(await page.locator('table.lines tbody tr').count(), 1);
        assert.match(await page.locator('.changes').innerText(), /Customer\s+Birch & Sons\s+→\s+Birch & Daughters/);
        await shot(page, 'wizard-check-changed');
        await importNow(page);
        await expectFigures(page, { Changed: 1, Unchanged: 2 });
    }));

test('a European export: semicolons, Windows-1252, days first, decimal comma, columns of its own', () =>
    site.signedIn({}, async (page) => {
        const rows = csv(
            [
                ['Auftrag', 'Kunde', 'Liefertermin', 'Prio', 'Werk'],
                [`D${tag}-1`, 'Schäfer & Söhne', '31-12-2026', '3', 'Süd'],
                [`D${tag}-2`, 'Weiß KG', '01-02-2027', '', 'Nord'],
            ],
            ';',
        );
        await choose(page, 'jobs', 'auftraege.csv', Buffer.from(rows, 'latin1'));
        await heading(page, 'Which column is what?').waitFor();
        assert.equal(await page.getByLabel('Delimiter').inputValue(), ';');
        assert.equal(await page.getByLabel('Character set').inputValue(), 'WIN1252');
        assert.equal(await page.getByLabel('Dates').inputValue(), 'DD-MM-YYYY');
        assert.equal(await page.getByRole('button', { name: 'Check the file' }).isDisabled(), true);
        await page.getByText('Schäfer & Söhne').waitFor();

        assert.equal(await taken(page, 'Due date'), 'Liefertermin');
        assert.deepEqual(await unusedColumns(page), ['Werk']);
        await field(page, 'Order number').selectOption('');
        await page.getByText('Without Order number no new records can be made.').waitFor();
        await take(page, 'External number', 'Auftrag');
        await take(page, 'Order number', 'Werk');
        await nameSource(page, `ERP-${tag}`);
        await page.getByRole('button', { name: 'Check the file' }).waitFor();
        await shot(page, 'wizard-columns-european');

        await page.getByRole('button', { name: 'Save', exact: true }).click();
        await page.getByText(`Saved for ERP-${tag}.`, { exact: true }).waitFor();
        await check(page);
        await expectFigures(page, { Records: 2, New: 2, Refused: 0 });
        await page.getByText('Schäfer & Söhne').waitFor();

        // The saved columns come back with the source.
        await page.reload();
        await choose(page, 'jobs', 'auftraege.csv', Buffer.from(rows, 'latin1'));
        await nameSource(page, `ERP-${tag}`);
        await page.getByText(`Columns as saved for ERP-${tag}.`).waitFor();
        assert.equal(await taken(page, 'Order number'), 'Werk');
        await page.getByLabel('Saved columns').selectOption({ label: `ERP-${tag}` });
        await page.getByRole('button', { name: 'Delete' }).click();
        await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
        await page.getByRole('dialog').waitFor({ state: 'detached' });
        assert.equal(await taken(page, 'Order number'), 'Auftrag');
    }));

test('of a large file the refused lines are listed first, and others when asked for', () =>
    site.signedIn({}, async (page) => {
        const line = (i) => [`L${tag}-${i}`, 'E2E', `L${tag}-${i}`, i === 2400 ? 'soon' : '2027-02-12'];
        const rows = Array.from({ length: 2500 }, (_, i) => line(i));
        const answers = [];
        page.on('response', async (response) => {
            if (response.url().includes('/import?')) answers.push((await response.body()).length);
        });
        await choose(page, 'jobs', 'large.csv', csv([['external_id', 'external_source', 'job_number', 'due_date'], ...rows]));
        await check(page);
        await expectFigures(page, { Records: 2500, New: 2499, Refused: 1 });
        assert.match(await page.locator('table.lines tbody tr').first().innerText(), /^2,402\s+Refused/);
        await page.getByText('1,500 more lines are not listed.').waitFor();
        await page.getByRole('button', { name: 'List 1,000 more' }).click();
        await page.getByText('500 more lines are not listed.', { exact: false }).waitFor();
        await page.getByRole('button', { name: 'List 500 more' }).click();
        await page.getByText('lines are not listed').waitFor({ state: 'detached' });
        await page.getByRole('button', { name: 'New 2,499' }).waitFor();
        await page.getByLabel('Search in the lines').fill(`l${tag.toLowerCase()}-2499`);
        await page.waitForFunction(() => document.querySelectorAll('table.lines tbody tr').length === 1);
        assert.equal(answers.length, 3);
        assert.ok(answers.every((size) => size < 1e6), `answers of ${answers} bytes`);
    }));

test('another delimiter is read again; an ignored column is left out', () =>
    site.signedIn({}, async (page) => {
        await choose(
            page,
            'cells',
            'cells.csv',
            csv([
                ['external_id', 'external_source', 'name', 'description'],
                [`C${tag}`, 'E2E', `Saw ${tag}`, 'old'],
            ]),
        );
        await heading(page, 'Which column is what?').waitFor();
        await page.getByLabel('Delimiter').selectOption(';');
        await page.locator('.unused').getByText('external_id,external_source,name,description').waitFor();
        await page.getByLabel('Delimiter').selectOption(',');
        await field(page, 'Description').selectOption('');
        await check(page);
        assert.equal(await page.locator('.line-warning').count(), 0);
        assert.ok(!(await page.locator('.changes').innerText()).includes('old'));
        assert.match(await page.locator('.changes').innerText(), new RegExp(`Saw ${tag}`));
    }));

test('columns of the same name are told, and can be ignored; a file without a header', () =>
    site.signedIn({}, async (page) => {
        const head = ['external_id', 'external_source', 'name', 'notes', 'notes'];
        await choose(page, 'resources', 'twice.csv', csv([head, [`T${tag}`, 'E2E', `Jig ${tag}`, 'one', 'two']]));
        await page.getByText('Several columns of the file are called: notes.').waitFor();
        assert.equal(await page.getByRole('button', { name: 'Check the file' }).isDisabled(), true);
        await field(page, 'Notes').selectOption('');
        await page.getByText('Several columns of the file').waitFor({ state: 'detached' });
        await page.getByText('Without Type no new records can be made.').waitFor();
        await page.getByRole('button', { name: 'Back' }).click();

        const rows = [
            [`H${tag}`, `Vice ${tag}`, 'fixture'],
            [`I${tag}`, `Vice 2 ${tag}`, 'fixture'],
        ];
        await choose(page, 'resources', 'plain.csv', csv(rows, '\t'));
        await page.getByLabel('The first line has the column names').uncheck();
        await take(page, 'External number', '1');
        assert.equal(await page.getByLabel('Delimiter').inputValue(), 'tab');
        await take(page, 'Name', '2');
        await take(page, 'Type', '3');
        await nameSource(page, 'E2E');
        await page.locator('[aria-busy=true]').waitFor({ state: 'detached' });
        await check(page);
        await expectFigures(page, { Records: 2, New: 2, Refused: 0 });
    }));

test('a template is downloaded and can be chosen', () =>
    site.signedIn({}, async (page) => {
        await page.locator('input[name=entity][value=parts]').check();
        const file = await downloaded(page, () => page.getByRole('button', { name: /^Download a template/ }).click());
        assert.match(file.name, /parts.*\.csv$/);
        assert.match(file.text, /external_id/);
        assert.match(file.text, /part_number/);
        await choose(page, 'parts', file.name, file.text);
        await heading(page, 'Which column is what?').waitFor();
        assert.equal(
            await taken(page, 'Part number'), 'part_number',
        );
    }));

test('a workbook by mistake gets a message, and no file another', () =>
    site.signedIn({ expected: /status of 4\d\d/ }, async (page) => {
        await page.getByRole('button', { name: 'Continue' }).click();
        await page.getByText('Choose a file first.').waitFor();
        const sent = [];
        page.on('request', (request) => request.url().includes('/inspect') && sent.push(request.url()));
        const kinds = [
            [
                'orders.xlsx',
                'PK\u0003\u0004\u0014\u0000workbook',
                /^!\s*This is an Excel workbook, not a CSV file\.[^.]*\.$/,
            ],
            ['orders.xls', '\u00d0\u00cf\u0011\u00e0old', /^!\s*This is an Excel workbook/],
            ['orders.csv', '\u00ff\u00fea\u0000', /^!\s*The file is encoded in UTF-16\./],
            ['empty.csv', '', /^!\s*The file is empty\.$/],
        ];
        for (const [name, bytes, message] of kinds) {
            await choose(page, 'jobs', name, Buffer.from(bytes, 'latin1'));
            await page.getByRole('alert').waitFor();
            assert.match(await page.getByRole('alert').innerText(), message);
            await page.locator('input[name=entity][value=parts]').check();
            await page.getByRole('alert').waitFor({ state: 'detached' });
        }
        assert.deepEqual(sent, []);
        await shot(page, 'wizard-workbook');
        for (const [language, words] of [
            ['nl', 'Excel-werkmap'],
            ['de', 'Excel-Arbeitsmappe'],
        ]) {
            await page.locator('.language select').selectOption('en');
            await choose(page, 'jobs', 'orders.xlsx', Buffer.from('PK\u0003\u0004', 'latin1'));
            await page.getByRole('alert').waitFor();
            await page.locator('.language select').selectOption(language);
            await page.getByRole('alert').getByText(words).waitFor();
        }
    }));

test('a file beside the zone is not opened by the browser, and of several one is taken', () =>
    site.signedIn({}, async (page) => {
        const drop = (selector, names) =>
            page.locator(selector).evaluate((element, files) => {
                const dataTransfer = new DataTransfer();
                for (const name of files) dataTransfer.items.add(new File(['x'], name));
                const event = new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer });
                element.dispatchEvent(event);
                return event.defaultPrevented;
            }, names);
        assert.equal(await drop('h1', ['beside.csv']), true);
        assert.equal(await page.getByText('beside.csv').count(), 0);
        await drop('.drop', ['one.csv', 'two.csv']);
        await page.getByText('Only the first of these files is taken: one.csv.').waitFor();
    }));

test('the wizard by keyboard alone, with a dropped file', () =>
    site.signedIn({}, async (page) => {
        await page.locator('.drop').evaluate(
            (zone, text) => {
                const transfer = new DataTransfer();
                transfer.items.add(new File([text], 'dropped.csv', { type: 'text/csv' }));
                zone.dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer: transfer }));
            },
            csv([
                ['external_id', 'external_source', 'name', 'type'],
                [`R${tag}`, 'E2E', `Brake ${tag}`, 'machine'],
            ]),
        );
        await page.getByText('dropped.csv').waitFor();
        await page.locator('input[name=entity]:checked').focus();
        const chosen = () => page.locator('input[name=entity]:checked').inputValue();
        for (let i = 0; i < 5 && (await chosen()) !== 'resources'; i++) await page.keyboard.press('ArrowDown');
        assert.equal(await chosen(), 'resources');
        const press = async (name) => {
            for (let i = 0; i < 60; i++) {
                await page.keyboard.press('Tab');
                const text = await page.evaluate(() => document.activeElement?.textContent ?? '');
                if (text === name) break;
            }
            assert.equal(await page.evaluate(() => document.activeElement?.textContent), name);
            await page.keyboard.press('Enter');
        };
        // Choosing another entity keeps the file.
        await press('Continue');
        await heading(page, 'Which column is what?').waitFor();
        await press('Check the file');
        await page.locator('.figures-row').waitFor();
        await press('Import 1 line');
        await page.locator('.result-title').waitFor();
        assert.equal((await figures(page)).New, 1);
    }));

test('another tenant never sees the data', { skip: !keys.other && 'KEY_OTHER is not set' }, () =>
    site.signedIn({ key: keys.other }, async (page) => {
        await choose(page, 'jobs', 'orders.csv', orders(['Harbour Railings', 'Birch & Sons', 'Müller GmbH']));
        await check(page);
        // Numbers that the first tenant has are new to this one.
        await expectFigures(page, { New: 3, Changed: 0, Unchanged: 0 });
        await page.getByRole('link', { name: 'Sync monitor' }).click();
        await heading(page, 'Sync monitor').waitFor();
        await page.locator('#runs').waitFor();
        assert.ok(!(await page.locator('main').innerText()).includes('E2E'));
        const rows = async () => {
            await page.getByRole('link', { name: 'Connections' }).click();
            await page
                .getByText('No API keys yet.')
                .or(page.locator('[aria-labelledby=keys] tbody tr'))
                .last()
                .waitFor();
            return page.locator('[aria-labelledby=keys] tbody tr').allInnerTexts();
        };
        const name = `Own ${tag}`;
        await rows();
        await page.getByRole('button', { name: 'New API key' }).click();
        await page.getByRole('dialog').getByLabel('Name').fill(name);
        await page.getByRole('dialog').getByRole('button', { name: 'Make the key' }).click();
        await page.getByRole('dialog').getByRole('button', { name: 'I have copied it' }).click();
        await page.getByRole('row', { name }).waitFor();
        await page.getByRole('button', { name: 'Sign out' }).click();
        // The first tenant does not see what the other one made.
        await signIn(page, keys.admin);
        await page.getByRole('navigation').first().waitFor();
        assert.ok(!(await rows()).some((text) => text.includes(name)));
    }),
);
