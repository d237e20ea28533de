// Runs the browser tests one file after the other; the exit status says whether all passed.
//
// Usage: node test/run.mjs [name ...]     names of *.test.mjs files here without the ending, all if there is none
//
// Environment: BASE_URL and KEY: a real gateway and an API key with an admin role (without them a stand-in is started); KEY_OTHER,
// KEY_PLAIN: keys of another tenant and of a role that may not administer; SCREENSHOTS: folder for pictures (test-results);
// CHROMIUM: the browser (/usr/bin/chromium).
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const all = readdirSync(folder)
    .filter((name) => name.endsWith('.test.mjs'))
    .map((name) => name.replace('.test.mjs', ''))
    .sort();
const wanted = process.argv.length > 2 ? process.argv.slice(2) : all;
let failed = 0;
for (const name of wanted) {
    const { status } = spawnSync(process.execPath, ['--test-reporter=tap', `${name}.test.mjs`], {
        cwd: folder,
        stdio: 'inherit',
    });
    if (status !== 0) failed++;
}
process.exit(failed === 0 ? 0 : 1);
