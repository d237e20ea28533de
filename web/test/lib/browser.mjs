// A headless browser on the pages: of a real gateway if BASE_URL names one, else of the stand-in.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { mockKeys, startMock } from '../mock-server.mjs';

const axeSource = createRequire(import.meta.url)('axe-core').source;
const pictures = process.env.SCREENSHOTS ?? fileURLToPath(new URL('../../test-results', import.meta.url));
export const real = process.env.BASE_URL !== undefined;
export const keys = real
    ? { admin: process.env.KEY, other: process.env.KEY_OTHER, plain: process.env.KEY_PLAIN }
    : mockKeys;

// A text that no other run of the tests has, for external numbers.
export const tag = Date.now().toString(36).toUpperCase();

// The browser and the server of a test file.
export class Site {
    static async start() {
        const site = new Site();
        site.server = real ? null : await startMock();
        site.url = (real ? process.env.BASE_URL : `http://127.0.0.1:${site.server.address().port}`).replace(/\/$/, '');
        const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
        assert.ok(existsSync(executablePath), `no browser at ${executablePath}`);
        site.browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
        return site;
    }

    async stop() {
        await this.browser.close();
        this.server?.closeAllConnections();
        this.server?.close();
    }

    // Opens the pages in a context of its own, hands them to the test, and fails if the browser complained of anything.
    async visit(options, test) {
        const { expected = /^$/, ...more } = options;
        const context = await this.browser.newContext({
            locale: 'en-GB',
            viewport: { width: 1280, height: 900 },
            ...more,
        });
        const page = await context.newPage();
        page.setDefaultTimeout(15000);
        const complaints = [];
        page.on('request', (request) => {
            if (!request.url().startsWith(this.url) && !/^(blob|data|about):/.test(request.url()))
                complaints.push(`request to another server: ${request.url()}`);
        });
        page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
        page.on('dialog', (dialog) => {
            complaints.push(`dialog: ${dialog.message()}`);
            void dialog.dismiss();
        });
        page.on('console', (message) => {
            // An import is followed from before the gateway knows it.
            const early =
                message.location().url.includes('/api-erp-sync/runs/') && message.text().includes('status of 404');
            if (message.type() === 'error' && !early && !expected.test(message.text()))
                complaints.push(`console: ${message.text()}`);
        });
        try {
            await page.goto(`${this.url}/admin/`);
            await test(page, context);
            assert.deepEqual(complaints, []);
        } catch (error) {
            await shot(page, `failed-${Date.now()}`);
            throw error;
        } finally {
            await context.close();
        }
    }

    // The same, signed in.
    async signedIn(options, test) {
        const { key = keys.admin, ...more } = options;
        await this.visit(more, async (page, context) => {
            await signIn(page, key);
            await page.getByRole('navigation').first().waitFor();
            await test(page, context);
        });
    }
}

export async function signIn(page, key) {
    await page.locator('#credential').fill(key);
    await page.locator('form button[type=submit]').click();
}

// Keeps a picture of the page.
export async function shot(page, name) {
    mkdirSync(pictures, { recursive: true });
    await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

// No serious or critical fault of accessibility; what stands in the page is checked, not the page's own scripts.
export async function accessible(page, name) {
    await page.evaluate(axeSource);
    const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
    const grave = violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(
            ({ id, nodes }) =>
                `${id}: ${nodes
                    .map((node) => `${node.html} ${node.failureSummary}`)
                    .join(' | ')
                    .slice(0, 600)}`,
        );
    assert.deepEqual(grave, [], `accessibility of ${name}`);
}
