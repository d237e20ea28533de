// English, Dutch and German: switched, remembered, complete.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { shot, Site, tag } from './lib/browser.mjs';
import { choose, csv } from './lib/wizard.mjs';

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
    /^(in Eryxon: \w+|Eryxon Sync|English|Nederlands|Deutsch|Status|Webhooks|CSV|Import|Records|Runs|Upsert|Sync|Name|Type|Format|Tab|Details|UTF-8|Windows-1252|ISO 8859-1 \(Latin-1\)|Record|File|Nr\.|No\.)$/;

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

test('no English is left in the other languages', () =>
    site.signedIn({}, async (page) => {
        const read = async (code) => {
            await page.locator('.language select').selectOption(code);
            const found = [];
            for (const path of ['/import', '/monitor', '/connections']) {
                await page.evaluate((hash) => {
                    location.hash = hash;
                }, path);
                await page.waitForFunction(() => !document.querySelector('main .loading'));
                const parts = await page
                    .locator('h1, h2, h3, button, legend, thead th, dt, label > span, .hint, .filter, nav a')
                    .allInnerTexts();
                found.push(...parts.flatMap((text) => text.split('\n')));
            }
            return new Set(
                found.map((text) => text.trim()).filter((text) => /[a-z]{2}/.test(text) && !/[\d_@]|\.\w/.test(text)),
            );
        };
        const english = await read('en');
        for (const code of ['nl', 'de']) {
            const left = [...(await read(code))].filter((text) => english.has(text) && !same.test(text));
            assert.deepEqual(left, [], code);
        }
    }));
