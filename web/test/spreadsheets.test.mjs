// Files that people open in a spreadsheet: in their language, with its separator, and with a byte order mark.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { real, Site, tag } from './lib/browser.mjs';
import { check, choose, csv, downloaded, heading, importNow, nameSource, unusedColumns } from './lib/wizard.mjs';

let site;
before(async () => {
    site = await Site.start();
});
after(() => site.stop());

const speak = (page, language) => page.locator('.language select').selectOption(language);
const button = (page, name) => () => page.getByRole('button', { name }).click();

const buttons = {
    en: { template: /^Download a template/, rejected: 'Download the refused lines' },
    nl: { template: /sjabloon/i, rejected: 'Geweigerde regels downloaden' },
    de: { template: /Vorlage/, rejected: 'Abgelehnte Zeilen herunterladen' },
};

for (const [language, word] of [['nl', '"Leverdatum"'], ['de', '"Liefertermin"'], ['en', 'due_date']])
    test(`a template has the headings of ${language}, which the import takes for the fields`, () =>
        site.signedIn({}, async (page) => {
            for (const entity of ['cells', 'resources', 'jobs', 'parts', 'operations']) {
                await speak(page, language);
                await page.locator(`input[name=entity][value=${entity}]`).check();
                const file = await downloaded(page, button(page, buttons[language].template));
                const names = file.text.trim().split(language === 'en' ? ',' : ';');
                assert.ok(entity !== 'jobs' || names.includes(word), file.text);
                if (!real) continue; // the stand-in knows no words of other languages
                await speak(page, 'en');
                await choose(page, entity, file.name, file.text + names.map(() => 'x').join(';') + '\n');
                await heading(page, 'Which column is what?').waitFor();
                assert.deepEqual(await unusedColumns(page), []);
                await page.reload();
            }
        }));

for (const [language, message] of [['nl', 'Leverdatum: ongeldige datum'], ['de', 'Liefertermin: ungültiges Datum'], ['en', 'due_date: invalid date']])
    test(`refused lines are told in ${language}`, () =>
        site.signedIn({}, async (page) => {
            const head = ['external_id', 'job_number', 'customer', 'due_date'];
            const bad = [`S${tag}`, `S${tag}`, 'Krüger, "K"', '2027-02-30'];
            await choose(page, 'jobs', 'orders.csv', csv([head, bad, [`T${tag}${language}`, `T${tag}${language}`, 'x', '2027-02-01']]));
            await heading(page, 'Which column is what?').waitFor();
            await nameSource(page, 'E2E');
            await check(page);
            await importNow(page);
            await speak(page, language);
            const { text } = await downloaded(page, button(page, buttons[language].rejected));
            const [first, second, ...others] = text.split('\r\n');
            const sign = language === 'en' ? ',' : ';';
            assert.equal(first.split(sign).length, 7);
            assert.ok(second.startsWith(`2${sign}DATE_FORMAT${sign}`) && second.includes(message), second);
            assert.ok(second.includes('Krüger, ""K""'), second);
            assert.deepEqual(others, ['']);
        }));
