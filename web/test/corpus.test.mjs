// The files of test/corpus through the page: what its check says of their lines is what an import answers.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { real, Site } from './lib/browser.mjs';
import { check, choose, expectFigures, heading, nameSource } from './lib/wizard.mjs';

const folder = fileURLToPath(new URL('../../test/corpus', import.meta.url));
const figureNames = { total: 'Records', created: 'New', updated: 'Changed', errors: 'Refused' };

let site;
before(async () => {
    site = await Site.start();
});
after(() => site.stop());

// Why a case with a file is not for the page; undefined if it is.
function unsuited({ kind, entity, before, inspect, options = {} }) {
    if (entity === 'things') return 'it is about a table that these tests do not attach';
    if (kind === 'files/numbers') return 'the page reads numbers as it finds them: see readings.test.mjs';
    if (inspect) return 'it is about the proposals, which the page follows';
    if (before) return 'it needs rows or rules that the page does not make';
    if (Object.keys(options).some((name) => name !== 'external_source')) return 'it says how to read the file; the page finds out';
    return undefined;
}

const cases = readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('expected.json'))
    .sort()
    .flatMap((name) => JSON.parse(readFileSync(join(folder, name))).map((one) => ({ ...one, kind: dirname(name) })))
    .filter(({ file, csv }) => file ?? csv);

// Takes the file to its check, or to the message that refuses it.
async function look(page, { kind, file, csv, entity = 'jobs', options, answer }) {
    await choose(page, entity, file ?? 'corpus.csv', file ? readFileSync(join(folder, kind, file)) : csv);
    if (answer.refused) return page.getByRole('alert').first().waitFor();
    await heading(page, 'Which column is what?').waitFor();
    if (options?.external_source) await nameSource(page, options.external_source);
    // Where the page asks for the decimal sign, the one that an import without the option takes.
    if ((await page.getByText('Choose under Format how numbers are written').count()) > 0)
        await page.getByLabel('Numbers').selectOption('.');
    await check(page);
    const named = Object.entries(figureNames).filter(([count]) => answer[count] !== undefined);
    await expectFigures(page, Object.fromEntries(named.map(([count, name]) => [name, answer[count]])));
    if (answer.errors === 0) assert.equal(await page.getByText('No line can be imported.').count(), 0);
}

for (const one of cases) {
    const skip = real ? unsuited(one) : 'the stand-in reads plain files only';
    const expected = one.answer?.refused ? /status of 4(00|22)/ : undefined;
    test(`${one.kind}: ${one.name}`, { skip }, () => site.signedIn({ expected }, (page) => look(page, one)));
}
