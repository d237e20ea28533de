// API keys and webhooks.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { real, shot, signIn, Site, tag } from './lib/browser.mjs';
import { heading } from './lib/wizard.mjs';

let site;
before(async () => {
    site = await Site.start();
});
after(() => site.stop());

const open = async (page) => {
    await page.getByRole('link', { name: 'Connections' }).click();
    await heading(page, 'API keys').waitFor();
};
const dialog = (page) => page.getByRole('dialog');

test('a key is made, shown once, copied, used as shown, and revoked', () =>
    site.signedIn({ permissions: ['clipboard-read', 'clipboard-write'] }, async (page) => {
        await open(page);
        await page.getByRole('button', { name: 'New API key' }).click();
        await dialog(page).getByLabel('Name').fill(`Key <b>${tag}</b>`);
        await dialog(page).getByLabel('Valid until').fill('2039-12-31');
        await shot(page, 'keys-new');
        await dialog(page).getByRole('button', { name: 'Make the key' }).click();
        const field = dialog(page).getByLabel('API key');
        const key = await field.inputValue();
        assert.match(key, /^ery_live_/);
        // The browser lets a page prevent the first Escape only.
        for (let i = 0; i < 3; i++) await page.keyboard.press('Escape');
        await dialog(page).getByRole('button', { name: 'Copy', exact: true }).click();
        await dialog(page).getByText('Copied.').waitFor();
        assert.equal(await page.evaluate(() => navigator.clipboard.readText()), key);
        await shot(page, 'keys-made');
        await dialog(page).getByRole('button', { name: 'I have copied it' }).click();
        await dialog(page).waitFor({ state: 'detached' });
        assert.ok(!(await page.content()).includes(key));
        const row = page.getByRole('row', { name: tag });
        assert.match(await row.innerText(), /Key <b>.*Active/s);

        if (real) {
            const other = await page.context().newPage();
            await other.goto(`${site.url}/admin/`);
            await signIn(other, key);
            await other.getByRole('heading', { level: 1, name: 'Data import' }).waitFor();
            await other.close();
        }
        await row.getByRole('button').click();
        await dialog(page).getByRole('button', { name: 'Cancel' }).click();
        assert.match(await row.innerText(), /Active/);
        await row.getByRole('button').click();
        await dialog(page).getByRole('button', { name: 'Revoke' }).click();
        await row.getByText('Revoked').waitFor();
        await dialog(page).waitFor({ state: 'detached' });
        assert.equal(await page.evaluate(() => document.activeElement?.id), 'main');
    }));

test('a webhook is made, tested, disabled, given a new secret, replayed and deleted', () =>
    site.signedIn({ expected: /status of 4\d\d/ }, async (page) => {
        const url = `https://erp.example.com/hook/${tag}`;
        await open(page);
        await page.getByRole('button', { name: 'New webhook' }).click();
        await dialog(page).getByLabel('Address (https)').fill(`http://erp.example.com/${tag}`);
        await dialog(page).getByRole('button', { name: 'Make the webhook' }).click();
        await dialog(page).getByText('Choose at least one type of event.').waitFor();
        await dialog(page).getByLabel('Sales orders job.*').check();
        await dialog(page).getByLabel('Further types').fill('part.created, part.updated');
        await dialog(page).getByRole('button', { name: 'Make the webhook' }).click();
        await dialog(page).getByText(/https/).last().waitFor();
        await dialog(page).getByRole('alert').waitFor();
        await dialog(page).getByLabel('Address (https)').fill(url);
        await shot(page, 'webhooks-new');
        await dialog(page).getByRole('button', { name: 'Make the webhook' }).click();
        const first = await dialog(page).getByLabel('Secret').inputValue();
        assert.match(first, /^whsec_/);
        await dialog(page).getByRole('button', { name: 'I have copied it' }).click();

        const card = page.locator('.card', { hasText: url });
        assert.match(await card.innerText(), /job\.\*\s+part\.created\s+part\.updated/);
        await card.getByRole('button', { name: 'Send a test' }).click();
        await card.locator('.deliveries tbody').getByText('webhook.test').waitFor();
        if (!real) {
            await card.locator('.filters').getByRole('button', { name: 'Undelivered' }).click();
            await card.getByRole('button', { name: '3 attempts' }).click();
            await card.getByText('<script>alert(1)</script>').first().waitFor();
            await card.getByText('connection refused').waitFor();
            await shot(page, 'webhooks-deliveries');
            await card.getByRole('button', { name: 'Send again' }).click();
            await card.getByText('job.created is sent again.').waitFor();
            await card.getByText('No deliveries.').waitFor();
        }
        await card.getByRole('button', { name: 'Disable' }).click();
        await card.getByText(/by hand/).waitFor();
        await card.getByRole('button', { name: 'Enable' }).click();
        await card.getByText('Enabled').waitFor();

        await card.getByRole('button', { name: 'New secret' }).click();
        await dialog(page).getByRole('button', { name: 'New secret' }).click();
        const second = await dialog(page).getByLabel('Secret').inputValue();
        assert.match(second, /^whsec_/);
        assert.notEqual(second, first);
        await dialog(page).getByRole('button', { name: 'I have copied it' }).click();
        await card.getByRole('button', { name: 'Delete' }).click();
        await dialog(page).getByRole('button', { name: 'Delete' }).click();
        await card.waitFor({ state: 'detached' });
    }));

test('the kind of a key stays as chosen when making it fails', () =>
    site.signedIn({ expected: /status of 4\d\d/ }, async (page) => {
        await open(page);
        await page.getByRole('button', { name: 'New API key' }).click();
        await dialog(page).getByLabel('Name').fill(`Kind ${tag}`);
        await dialog(page).getByLabel('Test (ery_test_)').check();
        let refused = false;
        await page.route('**/api-keys', (route) => {
            if (route.request().method() !== 'POST' || refused) return route.fallback();
            refused = true;
            const error = { code: 'INVALID_OPTION', message: 'role "x" does not exist', details: [], statusCode: 422 };
            return route.fulfill({ status: 422, json: { success: false, error } });
        });
        await dialog(page).getByRole('button', { name: 'Make the key' }).click();
        await dialog(page).getByRole('alert').waitFor();
        assert.equal(await dialog(page).getByLabel('Test (ery_test_)').isChecked(), true);
        await dialog(page).getByRole('button', { name: 'Make the key' }).click();
        assert.match(await dialog(page).getByLabel('API key').inputValue(), /^ery_test_/);
        await dialog(page).getByRole('button', { name: 'I have copied it' }).click();
        // Each secret is shown, also after one before.
        await page.getByRole('button', { name: 'New API key' }).click();
        await dialog(page).getByLabel('Name').fill(`Next ${tag}`);
        await dialog(page).getByRole('button', { name: 'Make the key' }).click();
        assert.match(await dialog(page).getByLabel('API key').inputValue(), /^ery_live_/);
    }));

test(
    'revoking the key that one is signed in with is warned of',
    { skip: !real && 'the stand-in does not list it' },
    () =>
        site.signedIn({}, async (page) => {
            await open(page);
            const own = page.getByRole('row', { name: 'you are signed in with it' });
            await own.waitFor();
            await own.getByRole('button').click();
            await dialog(page).getByText('You are signed in with this key').waitFor();
            await dialog(page).getByRole('button', { name: 'Cancel' }).click();
            await dialog(page).waitFor({ state: 'detached' });
        }),
);

test('closing a dialog gives the focus back', () =>
    site.signedIn({}, async (page) => {
        await open(page);
        await page.getByRole('button', { name: 'New API key' }).focus();
        await page.keyboard.press('Enter');
        await dialog(page).waitFor();
        await page.keyboard.press('Escape');
        await dialog(page).waitFor({ state: 'detached' });
        assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'New API key');
    }));
