// Lines that are refused: shown, downloaded, corrected, imported again; and data that looks like script or formulas.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { shot, Site, tag } from './lib/browser.mjs';
import { parse, write } from './mock/csv.mjs';
import { check, choose, csv, downloaded, expectFigures, heading, importNow } from './lib/wizard.mjs';

let site;
before(async () => {
    site = await Site.start();
});
after(() => site.stop());

const head = ['external_id', 'external_source', 'job_number', 'customer', 'due_date', 'priority'];
const id = (number) => `E${tag}-${number}`;

// Ninety-nine orders, three of which cannot be taken.
const faulty = () => {
    const rows = Array.from({ length: 99 }, (_, i) => [id(i), 'E2E', id(i), `Customer ${i}`, '2027-03-01', '1']);
    rows[9][4] = '31-02-2027';
    rows[49][5] = 'urgent';
    rows[79][2] = '';
    return csv([head, ...rows]);
};

test('refused lines: preview, result, file, corrected and imported again', () =>
    site.signedIn({}, async (page) => {
        await choose(page, 'jobs', 'faulty.csv', faulty());
        await page.getByLabel('Dates').selectOption('YYYY-MM-DD');
        await check(page);
        await expectFigures(page, { Records: 99, New: 96, Refused: 3 });
        await page.getByText('3 lines will be refused.').waitFor();
        assert.equal(await page.locator('table.lines:visible tbody tr').count(), 50);
        await page.getByRole('button', { name: 'Next', exact: true }).click();
        assert.equal(await page.locator('table.lines:visible tbody tr').count(), 49);
        await page.getByRole('button', { name: 'Refused 3' }).click();
        assert.deepEqual(await page.locator('table.lines:visible tbody td:first-child').allTextContents(), [
            '11',
            '51',
            '81',
        ]);
        await page.getByText('Not a valid date').waitFor();
        await shot(page, 'errors-check');
        await page.getByRole('searchbox').fill('31-02-2027');
        assert.equal(await page.locator('table.lines:visible tbody tr').count(), 1);
        await page.getByRole('searchbox').fill('no such text');
        await page.getByText('No lines like that.').waitFor();

        await importNow(page);
        await expectFigures(page, { Records: 99, New: 96, Refused: 3 });
        await page.getByText('3 lines were refused.').waitFor();
        assert.equal(await page.locator('table.lines:visible tbody tr').count(), 3);
        await shot(page, 'errors-result');

        const file = await downloaded(page, () =>
            page.getByRole('button', { name: 'Download the refused lines' }).click(),
        );
        assert.match(file.name, /rejected.*\.csv$/);
        const [{ cells: names }, ...lines] = parse(file.text, ',');
        const place = (name) => names.indexOf(name);
        assert.deepEqual(
            lines.map(({ cells }) => [
                cells[place('eryxon_line')],
                cells[place('eryxon_code')],
                cells[place('external_id')],
            ]),
            [
                ['11', 'DATE_FORMAT', id(9)],
                ['51', 'TYPE_MISMATCH', id(49)],
                ['81', 'NOT_NULL', id(79)],
            ],
        );
        lines[0].cells[place('due_date')] = '2027-02-28';
        lines[1].cells[place('priority')] = '5';
        lines[2].cells[place('job_number')] = id(79);
        const corrected = write([names, ...lines.map(({ cells }) => cells)]);
        await page.getByRole('button', { name: 'Import the corrected file' }).click();
        await page.getByText('Choose the corrected file.').waitFor();
        await choose(page, 'jobs', 'corrected.csv', corrected);
        await heading(page, 'Which column is what?').waitFor();
        await check(page);
        await expectFigures(page, { Records: 3, New: 3, Refused: 0 });
        await importNow(page);
        await page.getByText('All lines were imported.').waitFor();

        await page.getByRole('link', { name: 'Show in the sync monitor' }).click();
        await heading(page, 'Run').waitFor();
        await expectFigures(page, { Records: 3, New: 3, Refused: 0 });
    }));

test('script, markup and formulas in data are text', () =>
    site.signedIn({}, async (page) => {
        const script = '<script>alert(1)</script>';
        const image = '"><img src=x onerror=alert(2)>';
        const formula = "=cmd|' /C calc'!A0";
        const rows = [
            [`X${tag}-1`, 'E2E', `X${tag}-1`, script, '2027-03-01', '1'],
            [`X${tag}-2`, 'E2E', `X${tag}-2`, image, image, '1'],
            [`X${tag}-3`, 'E2E', `X${tag}-3`, formula, formula, '1'],
        ];
        await choose(page, 'jobs', '<img src=x onerror=alert(3)>.csv', csv([[...head.slice(0, 5), script], ...rows]));
        await heading(page, 'Which column is what?').waitFor();
        await page.locator('.unused strong').getByText(script, { exact: true }).waitFor();
        await page.getByLabel('Dates').selectOption('YYYY-MM-DD');
        await check(page);
        await expectFigures(page, { New: 1, Refused: 2 });
        await page.getByText(script, { exact: true }).waitFor();
        await page.getByText(image).first().waitFor();
        await page.getByText(formula).first().waitFor();
        await shot(page, 'hostile-check');
        await importNow(page);
        const file = await downloaded(page, () =>
            page.getByRole('button', { name: 'Download the refused lines' }).click(),
        );
        assert.ok(file.text.includes(`'${formula}`), file.text);
        assert.ok(!/(^|,)"?=cmd/m.test(file.text), file.text);
        await page.getByRole('link', { name: 'Show in the sync monitor' }).click();
        await heading(page, 'Run').waitFor();
        await page.locator('.faults-text:visible').getByText(image).waitFor();
        assert.equal(await page.locator('main img, main script').count(), 0);
    }));
