// The import wizard, as a planner goes through it (in English).
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

export const heading = (page, name) => page.getByRole('heading', { name, exact: true });

// A CSV text of rows.
export const csv = (rows, delimiter = ',') =>
    rows
        .map((row) =>
            row.map((cell) => (/["\n,;]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(delimiter),
        )
        .join('\n') + '\n';

// Picks a file for an entity and goes on to its columns.
export async function choose(page, entity, name, content) {
    await page.locator(`input[name=entity][value=${entity}]`).check();
    await page.locator('.drop input').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(content) });
    await page.getByRole('button', { name: 'Continue' }).click();
}

// The choice of where a field comes from.
export const field = (page, name) => page.locator('.mapping').getByRole('combobox', { name, exact: true });

// Has a field come from a column.
export const take = (page, name, column) => field(page, name).selectOption({ label: column });

// The column that a field comes from, or the kind of what it comes from.
export const taken = async (page, name) => (await field(page, name).inputValue()).replace(/^column:/, '');

// Names the source system of all lines.
export async function nameSource(page, source) {
    await page.getByLabel('Source system of all lines').fill(source);
    await page.getByLabel('Source system of all lines').blur();
}

// Columns that no field takes.
export async function unusedColumns(page) {
    await page.locator('.mapping').waitFor();
    return page.locator('.unused strong').allTextContents();
}

// Goes on from the columns to the checked lines.
export async function check(page) {
    await page.getByRole('button', { name: 'Check the file' }).click();
    await page.locator('.figures-row').waitFor({ timeout: 60000 });
}

// Imports what was checked and waits for the result.
export async function importNow(page) {
    await page.getByRole('button', { name: /^Import [\d,]+ lines?$/ }).click();
    await page.locator('.result-title').waitFor({ timeout: 120000 });
}

// The figures of the page by their names.
export async function figures(page) {
    await page.locator('.figure:visible').first().waitFor();
    const pairs = await page
        .locator('.figure:visible')
        .evaluateAll((all) =>
            all.map((figure) => [
                figure.querySelector('dt').textContent,
                Number(figure.querySelector('dd').textContent.replace(/\D/g, '')),
            ]),
        );
    return Object.fromEntries(pairs);
}

export async function expectFigures(page, wanted) {
    const found = await figures(page);
    for (const [name, count] of Object.entries(wanted))
        assert.equal(found[name], count, `${name} of ${JSON.stringify(found)}`);
}

// Clicks and returns name and text of the file that is downloaded; it must have a byte order mark, for Excel.
export async function downloaded(page, click) {
    const [file] = await Promise.all([page.waitForEvent('download'), click()]);
    const text = await readFile(await file.path(), 'utf8');
    assert.equal(text[0], '\ufeff');
    return { name: file.suggestedFilename(), text: text.slice(1) };
}
