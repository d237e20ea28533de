// Signing in and out.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { keys, real, shot, signIn, Site } from './lib/browser.mjs';
import { choose, take, taken } from './lib/wizard.mjs';

let site;
before(async () => {
    site = await Site.start();
});
after(() => site.stop());

const refused = /status of 401/;
const stored = (page) => page.evaluate(() => [sessionStorage.length, JSON.stringify(localStorage)]);

test('a wrong key gets a clear message and is not kept', () =>
    site.visit({ expected: refused }, async (page) => {
        for (const wrong of ['ery_live_wrong-key-000000000000000000000', 'no key at all', 'schlüssel']) {
            await signIn(page, wrong);
            await page.getByRole('alert').getByText('This key is not accepted.').waitFor();
            assert.equal((await stored(page))[0], 0);
        }
        assert.equal(await page.locator('#credential').evaluate((field) => field === document.activeElement), true);
        await shot(page, 'signin-refused');
    }));

test('a key lasts for the tab, without a trace after signing out', () =>
    site.signedIn({}, async (page, context) => {
        await page.reload();
        await page.getByRole('heading', { name: 'Data import', level: 1 }).waitFor();
        const [count, local] = await stored(page);
        assert.equal(count, 1);
        assert.ok(!local.includes('ery_'));
        const second = await context.newPage();
        await second.goto(page.url());
        await second.locator('#credential').waitFor();
        await page.getByRole('button', { name: 'Sign out' }).click();
        await page.locator('#credential').waitFor();
        assert.equal((await stored(page))[0], 0);
    }));

test('a key that is revoked meanwhile leads back to signing in', () =>
    site.signedIn({ expected: refused }, async (page) => {
        await page.route('**/api-erp-sync/**', (route) =>
            route.fulfill({
                status: 401,
                json: {
                    success: false,
                    error: { code: 'UNAUTHORIZED', message: 'revoked', details: [], statusCode: 401 },
                },
            }),
        );
        await page.getByRole('link', { name: 'Sync monitor' }).click();
        await page.getByText('Your key is no longer accepted. Sign in again.').waitFor();
        assert.equal((await stored(page))[0], 0);
    }));

test('signing in again keeps what was entered', () =>
    site.signedIn({ expected: refused }, async (page) => {
        await choose(page, 'jobs', 'orders.csv', 'Order,external_source,job_number\nS1,E2E,S1\n');
        await take(page, 'External number', 'Order');
        const error = { code: 'UNAUTHORIZED', message: 'expired', details: [], statusCode: 401 };
        await page.route('**/api-jobs/import?*', (route) =>
            route.fulfill({ status: 401, json: { success: false, error } }),
        );
        await page.getByRole('button', { name: 'Check the file' }).click();
        await page.getByRole('dialog').getByText('Your key is no longer accepted. Sign in again.').waitFor();
        for (let i = 0; i < 3; i++) await page.keyboard.press('Escape');
        await shot(page, 'signin-again');
        await page.unroute('**/api-jobs/import?*');
        await signIn(page, keys.admin);
        await page.getByRole('dialog').waitFor({ state: 'detached' });
        await page.getByRole('button', { name: 'Try again' }).click();
        await page.locator('.figures-row').waitFor();
        await page.getByRole('button', { name: 'Back' }).click();
        assert.equal(await taken(page, 'External number'), 'Order');
    }));

test('a server that is away when the page is loaded again does not cost the key', () =>
    site.signedIn({ expected: /status of 503/ }, async (page) => {
        const error = { code: 'UNAVAILABLE', message: 'no connection', details: [], statusCode: 503 };
        await page.route('**/api-admin/session', (route) =>
            route.fulfill({ status: 503, json: { success: false, error } }),
        );
        await page.reload();
        await page.getByRole('alert').getByText('The server is busy. Try again in a moment.').waitFor();
        assert.equal((await stored(page))[0], 1);
        await page.unroute('**/api-admin/session');
        await page.getByRole('button', { name: 'Try again' }).click();
        await page.getByRole('heading', { name: 'Data import', level: 1 }).waitFor();
    }));

test('a server that is away is told apart from a wrong key', () =>
    site.visit({ expected: /ERR_CONNECTION_REFUSED|ERR_FAILED/ }, async (page) => {
        await page.route('**/api-admin/session', (route) => route.abort('connectionrefused'));
        await signIn(page, keys.admin);
        await page.getByRole('alert').getByText('The server cannot be reached.').waitFor();
    }));

test('a role that may not administer sees no connections', { skip: !keys.plain && 'KEY_PLAIN is not set' }, () =>
    site.signedIn({ key: keys.plain }, async (page) => {
        await page.getByRole('link', { name: 'Connections' }).click();
        await page.getByText('Connections are administered with another key.').waitFor();
        assert.equal(await page.getByRole('button', { name: 'New API key' }).count(), 0);
    }),
);

test('the pages come with a strict Content-Security-Policy', async () => {
    const response = await fetch(`${site.url}/admin/`);
    const policy = response.headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /script-src 'self'(;|$)/);
    assert.match(policy, /style-src 'self'(;|$)/);
    assert.ok(!policy.includes('unsafe'), policy);
    const text = await response.text();
    assert.ok(!/<script(?![^>]*src=)|<style|style=|\son\w+=/.test(text), text);
    assert.ok(real || text.includes('<div id="app">'));
});
