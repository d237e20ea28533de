// English, Dutch and German: switched, remembered, complete.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { shot, Site, tag } from './lib/browser.mjs';
import { check, choose, csv, field, importNow, nameSource, take } from './lib/wizard.mjs';

let site;
before(async () => {
    site = await Site.start();
});
after(() => site.stop());

const texts = {
    en: {
        choice: 'English',
        title: 'Data import',
        columns: 'Which column is what?',
        check: 'What would happen',
        jobs: 'Sales orders',
        found: 'New',
        monitor: 'Sync monitor',
        connections: 'API keys',
    },
    nl: {
        choice: 'Nederlands',
        title: 'Gegevens importeren',
        columns: 'Welke kolom is wat?',
        check: 'Wat er zou gebeuren',
        jobs: 'Verkooporders',
        found: 'Nieuw',
        monitor: 'Synchronisatie',
        connections: 'API-sleutels',
    },
    de: {
        choice: 'Deutsch',
        title: 'Datenimport',
        columns: 'Welche Spalte ist was?',
        check: 'Was geschehen würde',
        jobs: 'Kundenaufträge',
        found: 'Neu',
        monitor: 'Synchronisation',
        connections: 'API-Schlüssel',
    },
};

// Names of systems and words that are the same in two languages; everything else must differ.
const same =
    /^(in Eryxon( \w+)?|Status|Webhooks?|CSV|Import|Records?|Runs?|Sync|Name|Type|Format|Tab|Details|Windows|ISO( Latin)?|Op|Metadata|CNC.*|Operator.*|Order.*|Material.*|Nr|No|Nov|Dec|Jan|Feb|Apr|Jul|Aug|Sep|Test|Open|ms|kB|bytes|NetSuite)$/;

const heading = (page, name, level) => page.getByRole('heading', { name, exact: true, level });

for (const [code, words] of Object.entries(texts))
    test(`every page in ${words.choice}`, () =>
        site.signedIn({}, async (page) => {
            await page.locator('.language select').selectOption(code);
            await heading(page, words.title, 1).waitFor();
            assert.equal(await page.locator('html').getAttribute('lang'), code);
            await page.getByText(words.jobs, { exact: true }).waitFor();
            await page.locator('.language select').selectOption('en');
            await choose(
                page,
                'jobs',
                'orders.csv',
                csv([
                    ['external_id', 'external_source', 'job_number', 'customer'],
                    [`N${tag}${code}`, 'E2E', `N${tag}${code}`, 'ACME'],
                ]),
            );
            // Switching in the middle keeps what was entered.
            await page.locator('.language select').selectOption(code);
            await heading(page, words.columns, 2).waitFor();
            await shot(page, `language-${code}-columns`);
            await page.locator('.actions:visible .primary').click();
            await heading(page, words.check, 2).waitFor();
            await page.locator('.badge', { hasText: words.found }).waitFor();
            await shot(page, `language-${code}-check`);
            await page.reload();
            await heading(page, words.title, 1).waitFor();
            await page.getByRole('link', { name: words.monitor, exact: true }).click();
            await heading(page, words.monitor, 1).waitFor();
            await page.locator('.chart').waitFor();
            await shot(page, `language-${code}-monitor`);
            await page.locator('.top nav a').last().click();
            await heading(page, words.connections, 2).waitFor();
            assert.ok(!/\{\w+\}|undefined/.test(await page.locator('body').innerText()));
        }));

test('the browser chooses the language at first', () =>
    site.visit({ locale: 'nl-NL' }, async (page) => {
        await heading(page, 'Aanmelden', 1).waitFor();
        assert.equal(await page.title(), 'Aanmelden – Eryxon Sync');
    }));

test('a language that is not there becomes English', () =>
    site.visit({ locale: 'fr-FR' }, async (page) => {
        await heading(page, 'Sign in', 1).waitFor();
    }));

// All texts of the page that are not data: what is read, offered, and said to screen readers.
const textsOf = (page) =>
    page.evaluate(() => {
        const data =
            'code, pre, .mono, .file-name, .samples, .column-name, .changes ins, .changes del, table:not(.mapping) tbody th[scope=row], datalist, .language, .brand, .types-list, .top-errors-where';
        const found = [];
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
            const element = walker.currentNode.parentElement;
            if ((element.checkVisibility() || element.closest('select')?.checkVisibility()) && !element.closest(data))
                found.push(walker.currentNode.textContent);
        }
        for (const element of document.querySelectorAll('[aria-label], [placeholder], [title]'))
            if (element.checkVisibility() && !element.closest(data))
                found.push(element.ariaLabel ?? '', element.placeholder ?? '', element.title ?? '');
        return found;
    });

// Without values, names in quotes and names of fields, which are the same in all languages.
const words = (text) =>
    text
        .replace(/["„“”][^"„“”]*["“”]/g, '')
        .replace(/\b\w*[\d_]\w*\b|\S+[/@]\S+|[\d.,:;%*–…()←→✓✗-]+/g, ' ')
        .replace(/\s+/g, ' ')
        .trim();

// Fails if a text is the same as in English.
async function expectTranslated(page, station) {
    const read = async (code) => {
        await page.locator('.language select').selectOption(code);
        await page.locator(`html[lang=${code}]`).waitFor();
        await page.waitForFunction(() => !document.querySelector('main .loading'));
        return new Set((await textsOf(page)).map(words).filter((text) => /[a-z]{3}/.test(text)));
    };
    const english = await read('en');
    assert.ok(english.size > 5, `${station}: ${[...english]}`);
    for (const code of ['nl', 'de']) {
        const left = [...(await read(code))].filter((text) => english.has(text) && !same.test(text));
        assert.deepEqual(left, [], `${station}, ${code}`);
    }
    await page.locator('.language select').selectOption('en');
}

test('no English is left in the import, with whatever can be wrong with a file', () =>
    site.signedIn({}, async (page) => {
        await choose(page, 'jobs', 'orders.xlsx', Buffer.from('PK\u0003\u0004', 'latin1'));
        await page.getByRole('alert').waitFor();
        await expectTranslated(page, 'file');
        const rows = [
            ['external_id', 'job_number', 'customer', 'due_date', 'priority'],
            [`L${tag}1`, `L${tag}1`, 'ACME', '2027-13-01', '1'],
            [`L${tag}2`, '', 'ACME', '2027-12-01', 'X1'],
            [`L${tag}3`, `L${tag}3`, 'ACME', '2027-12-01', '2'],
        ];
        await choose(page, 'jobs', 'orders.csv', csv(rows));
        await heading(page, 'Which column is what?', 2).waitFor();
        await field(page, 'External number').selectOption('');
        await expectTranslated(page, 'columns');
        await page.getByRole('button', { name: 'Same as Order number' }).click();
        await field(page, 'Customer').selectOption('joined');
        await field(page, 'Notes').selectOption('constant');
        await expectTranslated(page, 'made fields');
        await field(page, 'Notes').selectOption('');
        await take(page, 'External number', 'external_id');
        await take(page, 'Customer', 'customer');
        await nameSource(page, 'E2E');
        await check(page);
        await expectTranslated(page, 'check');
        await importNow(page);
        await expectTranslated(page, 'result');
        await page.getByRole('link', { name: 'Show in the sync monitor' }).click();
        await heading(page, 'Run', 1).waitFor();
        await page.locator('.facts').waitFor();
        await expectTranslated(page, 'run');
    }));

test('no English is left in the monitor and in what connects', () =>
    site.signedIn({}, async (page) => {
        await page.getByRole('link', { name: 'Sync monitor' }).click();
        await page.locator('#runs').waitFor();
        await expectTranslated(page, 'monitor');
        await page.getByRole('link', { name: 'Connections' }).click();
        await heading(page, 'API keys', 2).waitFor();
        for (const [button, make] of [
            ['New API key', 'Make the key'],
            ['New webhook', 'Make the webhook'],
        ]) {
            await page.getByRole('button', { name: button }).click();
            await expectTranslated(page, button);
            if (button === 'New API key') await page.getByRole('dialog').getByLabel('Name').fill(`LANG${tag}`);
            else await page.getByRole('dialog').getByLabel('Address (https)').fill(`https://erp.example.com/${tag}`);
            if (button === 'New webhook') await page.getByRole('dialog').getByLabel('Everything *').check();
            await page.getByRole('dialog').getByRole('button', { name: make }).click();
            await page.getByRole('button', { name: 'I have copied it' }).waitFor();
            await expectTranslated(page, make);
            await page.getByRole('button', { name: 'I have copied it' }).click();
        }
        await page.locator('.card').first().getByRole('button', { name: 'Send a test' }).click();
        await page.locator('.deliveries tbody tr').first().waitFor();
        await expectTranslated(page, 'connections');
    }));

// An answer that refuses the file, with one detail.
const refused = (message, params) => ({
    success: false,
    error: {
        code: 'BAD_REQUEST',
        message: `mapping: ${message}. A hint.`,
        details: [{ path: 'mapping', constraint: 'INVALID_OPTION', message, params }],
        statusCode: 400,
    },
});

test('a fault is told by its reason and values, one without by the message', () =>
    site.signedIn({ expected: /status of 400/ }, async (page) => {
        const known = { reason: 'same_field', column: 'A', other: 'B', field: 'notes' };
        const told = async (params, texts) => {
            await page.route('**/api-jobs/inspect*', (route) =>
                route.fulfill({ status: 400, json: refused('the message', params) }),
            );
            await choose(page, 'jobs', 'orders.csv', csv([['a'], ['1']]));
            for (const [code, text] of Object.entries(texts)) {
                await page.locator('.language select').selectOption(code);
                await page.getByRole('alert').filter({ hasText: text }).waitFor();
            }
            await page.locator('.language select').selectOption('en');
            await page.unroute('**/api-jobs/inspect*');
        };
        await told(known, {
            en: 'mapping: the message. A hint.',
            nl: 'mapping: de kolommen „A” en „B” zijn beide „notes”',
            de: 'mapping: die Spalten „A“ und „B“ sind beide „notes“',
        });
        await told({ reason: 'of a later version' }, { nl: 'the message. A hint.', de: 'the message. A hint.' });
        await told(undefined, { nl: 'the message. A hint.' });
    }));
